package dev.stitchd.propagation;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A cursor as a client sends it back: `<tag>.<revision>`.
record Applied(String tag, long revision) {

  private static final Pattern FORM = Pattern.compile("([0-9a-f]{8})\\.(0|[1-9][0-9]{0,17})");

  /// Reads a cursor, also one in the quotes of an ETag; null for none and for nonsense.
  static @Nullable Applied parse(@Nullable String text) {
    if (text == null) {
      return null;
    }
    var bare = text.startsWith("W/") ? text.substring(2) : text;
    var matcher = FORM.matcher(bare.replace("\"", ""));
    return matcher.matches()
        ? new Applied(matcher.group(1), Long.parseLong(matcher.group(2)))
        : null;
  }
}
