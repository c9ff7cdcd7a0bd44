package dev.stitchd.stream;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Where a client says it is: `<tag>.<revision>`.
public record Cursor(String tag, long revision) {

  private static final Pattern FORM = Pattern.compile("[0-9a-f]{8}\\.(0|[1-9][0-9]{0,17})");

  /// Reads a cursor; null for none and for nonsense, which are answered alike.
  public static @Nullable Cursor parse(@Nullable String text) {
    if (text == null || !FORM.matcher(text).matches()) {
      return null;
    }
    return new Cursor(text.substring(0, 8), Long.parseLong(text, 9, text.length(), 10));
  }
}
