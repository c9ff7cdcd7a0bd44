package dev.stitchd.segment;

import dev.stitchd.catalog.segment.SegmentPath;
import dev.stitchd.resource.Author;
import java.util.Set;

/// Keys to be added to, or removed from, one side of a list.
///
/// @param keys at least one
record MemberChange(Kind kind, Set<String> keys) {

  /// Changes of one kind may be made together: they differ in their keys only.
  record Kind(Author author, SegmentPath path, MemberSide side, boolean adds) {

    /// As the audit log names it.
    String action() {
      return adds ? "add-members" : "remove-members";
    }
  }
}
