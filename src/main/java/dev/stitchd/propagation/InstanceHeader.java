package dev.stitchd.propagation;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// An instance as a request names it.
///
/// @param cursor what it says it applied; null if it says nothing
record InstanceHeader(String name, @Nullable String cursor) {

  /// What an instance may be called.
  static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:/@-]{0,99}");

  private static final Pattern FORM =
      Pattern.compile(
          "\\s*(" + NAME.pattern() + ")\\s*(?:;\\s*cursor=\"?([0-9a-f.]{1,40})\"?\\s*)?");

  /// Reads the header; null for none and for nonsense.
  static @Nullable InstanceHeader parse(@Nullable String header) {
    if (header == null || header.length() > 300) {
      return null;
    }
    var matcher = FORM.matcher(header);
    return matcher.matches() ? new InstanceHeader(matcher.group(1), matcher.group(2)) : null;
  }
}
