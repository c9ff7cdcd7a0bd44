package dev.stitchd.segment.upload;

import org.jspecify.annotations.Nullable;

/// What a line turned out to be: a key and the side it goes to, nothing, or a mistake. One is
/// filled again for each line, since there are millions. Confined to one thread.
final class ParsedLine {

  private static final byte[] NOTHING = new byte[0];

  byte[] bytes = NOTHING;
  int from;
  int to;
  boolean included;
  boolean isMember;
  @Nullable String wrong;

  void member(byte[] in, int start, int end, boolean side) {
    bytes = in;
    from = start;
    to = end;
    included = side;
    isMember = true;
    wrong = null;
  }

  void mistake(String message) {
    isMember = false;
    wrong = message;
  }

  /// A header.
  void nothing() {
    isMember = false;
    wrong = null;
  }
}
