package dev.stitchd.ingest;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;

/// The short texts of one body, which are mostly the same few again and again: each is made once
/// and then found by its characters, so that events which wait to be stored share them. Forgets
/// instead of growing. One for each body; confined to one thread at a time.
final class TextPool {

  private static final int LONGEST = 40;
  private static final int SLOTS = 256;

  private final @Nullable String[] known = new String[SLOTS];

  /// The text at which the parser stands.
  String at(JsonParser parser) {
    int length = parser.getStringLength();
    if (length > LONGEST) {
      return parser.getString();
    }
    return find(parser.getStringCharacters(), parser.getStringOffset(), length);
  }

  private String find(char[] text, int from, int length) {
    int hash = length;
    for (int i = 0; i < length; i++) {
      hash = 31 * hash + text[from + i];
    }
    int slot = (hash ^ hash >>> 8 ^ hash >>> 16) & SLOTS - 1;
    var found = known[slot];
    if (found == null || !isSame(found, text, from, length)) {
      found = new String(text, from, length);
      known[slot] = found;
    }
    return found;
  }

  private static boolean isSame(String word, char[] text, int from, int length) {
    if (word.length() != length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (word.charAt(i) != text[from + i]) {
        return false;
      }
    }
    return true;
  }
}
