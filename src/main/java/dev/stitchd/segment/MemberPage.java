package dev.stitchd.segment;

import org.jspecify.annotations.Nullable;

/// Which members to read next: the included ones in order of key, byte by byte, then the excluded
/// ones.
///
/// @param only one side; null for both
/// @param after the member before; null for the first page
/// @param limit at most so many
public record MemberPage(@Nullable MemberSide only, @Nullable Member after, int limit) {

  /// Whether a side comes in this page at all.
  boolean reads(MemberSide side) {
    boolean wanted = only == null || only == side;
    boolean past =
        side == MemberSide.INCLUDED && after != null && after.side() == MemberSide.EXCLUDED;
    return wanted && !past;
  }

  /// The key that a side goes on after; empty for its beginning.
  String after(MemberSide side) {
    return after != null && after.side() == side ? after.key() : "";
  }

  MemberPage from(Member last) {
    return new MemberPage(only, last, limit);
  }
}
