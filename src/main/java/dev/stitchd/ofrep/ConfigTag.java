package dev.stitchd.ofrep;

import dev.stitchd.stream.Cursor;
import org.jspecify.annotations.Nullable;

/// How OFREP names a state of the configuration: the cursor of the SDK plane, quoted as in an
/// `ETag`.
final class ConfigTag {

  private ConfigTag() {}

  static String of(Cursor cursor) {
    return "\"" + text(cursor) + "\"";
  }

  /// Without quotes.
  static String text(Cursor cursor) {
    return cursor.tag() + "." + cursor.revision();
  }

  /// Reads a tag as [#of] wrote it; null for none and for nonsense.
  static @Nullable Cursor parse(@Nullable String tag) {
    return tag != null && tag.length() > 2 && tag.startsWith("\"") && tag.endsWith("\"")
        ? Cursor.parse(tag.substring(1, tag.length() - 1))
        : null;
  }
}
