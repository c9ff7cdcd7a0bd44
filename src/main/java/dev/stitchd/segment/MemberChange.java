package dev.stitchd.segment;

import dev.stitchd.catalog.segment.SegmentPath;
import dev.stitchd.resource.Author;
import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;

/// Keys to be added to, or removed from, one side of a list.
///
/// @param request its id, which the kind leaves out
/// @param keys at least one
record MemberChange(Kind kind, String request, Set<String> keys) {

  /// So many requests are named in the audit log of what they change together.
  private static final int MOST_REQUESTS = 100;

  /// @param author the request's id is taken out, since what differs in nothing else goes together
  static MemberChange of(
      Author author, SegmentPath path, MemberSide side, boolean adds, Set<String> keys) {
    var origin = author.origin();
    return new MemberChange(
        new Kind(author.of(""), path, side, adds), origin == null ? "" : origin.requestId(), keys);
  }

  /// Changes of one kind may be made together: they differ in their keys only.
  record Kind(Author author, SegmentPath path, MemberSide side, boolean adds) {

    /// The same for the log, with the ids of the requests that ask for it.
    Kind askedFor(Collection<String> requests) {
      return new Kind(
          author.of(
              requests.stream().distinct().limit(MOST_REQUESTS).collect(Collectors.joining(" "))),
          path,
          side,
          adds);
    }

    /// As the audit log names it.
    String action() {
      return adds ? "segment.members.add" : "segment.members.remove";
    }
  }
}
