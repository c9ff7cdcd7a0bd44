package dev.stitchd.segment;

import dev.stitchd.kernel.Problem;
import dev.stitchd.segment.upload.MemberReader;
import dev.stitchd.segment.upload.UploadSettings;
import java.util.List;

/// How an upload of a whole list is to be taken.
///
/// @param side where members go whose line does not say
/// @param mayBeEmpty whether an upload without members empties the list, which is more often an
///   export that failed than what anybody wants
public record ListUpload(MemberFormat format, MemberSide side, boolean mayBeEmpty) {

  MemberReader reader(UploadSettings settings) {
    return new MemberReader(format.reader(side), settings);
  }

  /// Refuses an upload that was read to its end and must not replace the list.
  void check(MemberReader reader) {
    var errors = reader.errors();
    if (errors.count() > 0) {
      throw new Problem.Invalid(
          "invalid-members",
          errors.count() + " lines hold no valid key; the list was not changed",
          errors.list());
    }
    if (reader.isEmpty() && !mayBeEmpty) {
      throw new Problem.Invalid(
          "empty-upload",
          "the upload holds no member; the list was not changed. Repeat it with ?empty=true to empty the list",
          List.of());
    }
  }
}
