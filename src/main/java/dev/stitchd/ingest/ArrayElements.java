package dev.stitchd.ingest;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Cuts an array into its elements by brackets and quotes alone, so that an element that is not
/// JSON can be told from its neighbours that are. Confined to one thread.
final class ArrayElements {

  private final byte[] utf8;
  private final List<byte[]> elements = new ArrayList<>();
  private int at;

  private ArrayElements(byte[] utf8) {
    this.utf8 = utf8;
  }

  /// The elements in order, each a copy; null if brackets and quotes do not make an array.
  static @Nullable List<byte[]> of(byte[] utf8) {
    var array = new ArrayElements(utf8);
    return array.read() ? array.elements : null;
  }

  private boolean read() {
    if (next() != '[') {
      return false;
    }
    at++;
    if (next() != ']') {
      while (element()) {
        at++; // the comma
      }
    }
    boolean closed = next() == ']';
    at++;
    return closed && next() == -1;
  }

  /// Whether an element and then a comma were read.
  private boolean element() {
    var _ = next();
    int from = at;
    int depth = 0;
    for (; at < utf8.length; at++) {
      switch (utf8[at]) {
        case '"' -> skipText();
        case '[', '{' -> depth++;
        case ']', '}' -> depth--;
        default -> {}
      }
      if (depth < 0 || depth == 0 && at < utf8.length && utf8[at] == ',') {
        return ended(from);
      }
    }
    return false;
  }

  private boolean ended(int from) {
    if (at == from) {
      at = utf8.length; // nothing between two commas: no array
      return false;
    }
    elements.add(Arrays.copyOfRange(utf8, from, at));
    return utf8[at] == ',';
  }

  /// From a quote to the quote that ends the text.
  private void skipText() {
    for (at++; at < utf8.length && utf8[at] != '"'; at++) {
      if (utf8[at] == '\\') {
        at++;
      }
    }
  }

  /// The next byte that is not blank, which is not passed; −1 at the end.
  private int next() {
    while (at < utf8.length && isBlank(utf8[at])) {
      at++;
    }
    return at < utf8.length ? utf8[at] : -1;
  }

  private static boolean isBlank(byte b) {
    return b == ' ' || b == '\n' || b == '\r' || b == '\t';
  }
}
