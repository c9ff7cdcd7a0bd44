package dev.stitchd.snapshot;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A place in an environment's history, as clients keep it and send it back: `<tag>.<revision>` on
/// the wire (SSE `id`), quoted in an `ETag`.
///
/// @param tag 8 hex digits that name the environment and the store's epoch
/// @param revision counts from 0
public record Cursor(String tag, long revision) {

  private static final Pattern FORM = Pattern.compile("[0-9a-f]{8}\\.(0|[1-9][0-9]{0,17})");

  /// Reads a cursor; null for none and for nonsense, which are answered alike.
  public static @Nullable Cursor parse(@Nullable String text) {
    return text == null || !FORM.matcher(text).matches()
        ? null
        : new Cursor(text.substring(0, 8), Long.parseLong(text, 9, text.length(), 10));
  }

  /// Reads an `ETag` that was one of ours, also one that a proxy has weakened (RFC 9110, 8.8.3);
  /// null for none and for nonsense.
  public static @Nullable Cursor parseEtag(@Nullable String etag) {
    if (etag == null) {
      return null;
    }
    var strong = etag.startsWith("W/") ? etag.substring(2) : etag;
    return strong.length() > 2 && strong.startsWith("\"") && strong.endsWith("\"")
        ? parse(strong.substring(1, strong.length() - 1))
        : null;
  }

  /// Reads whichever of the two a client sends back.
  public static @Nullable Cursor parseEither(@Nullable String text) {
    var cursor = parse(text);
    return cursor == null ? parseEtag(text) : cursor;
  }

  /// Whether both are places in the same history, so that their revisions can be compared.
  public boolean isOfHistory(Cursor other) {
    return tag.equals(other.tag);
  }

  /// As the SSE `id` has it.
  public String text() {
    return tag + "." + revision;
  }

  /// As the `ETag` has it.
  public String etag() {
    return "\"" + text() + "\"";
  }
}
