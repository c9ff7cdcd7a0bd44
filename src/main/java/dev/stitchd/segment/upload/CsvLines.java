package dev.stitchd.segment.upload;

import java.nio.charset.StandardCharsets;

/// CSV (RFC 4180) with one or two columns: the key, and `included` or `excluded`. A first line
/// `key` or `key,list` is a header. A quoted key may hold anything but line breaks.
final class CsvLines implements LineReader {

  private final boolean otherwise;
  private final byte[] unquoted = new byte[MemberKeys.LONGEST + 1];
  private byte[] field = unquoted;
  private int start;
  private int end;

  CsvLines(boolean otherwise) {
    this.otherwise = otherwise;
  }

  @Override
  public void read(byte[] bytes, int from, int to, long line, ParsedLine result) {
    int next = field(bytes, from, to);
    if (next < 0) {
      result.mistake("a quote is not closed, or something follows it");
    } else if (next == to) {
      if (line == 1 && is("key", bytes, from, to)) {
        result.nothing();
      } else {
        result.member(field, start, end, otherwise);
      }
    } else {
      second(bytes, from, next, to, line, result);
    }
  }

  private void second(byte[] bytes, int from, int comma, int to, long line, ParsedLine result) {
    var side = new String(bytes, comma + 1, to - comma - 1, StandardCharsets.UTF_8);
    switch (side.strip()) {
      case "" -> result.member(field, start, end, otherwise);
      case "included", "\"included\"" -> result.member(field, start, end, true);
      case "excluded", "\"excluded\"" -> result.member(field, start, end, false);
      default -> {
        if (line == 1 && is("key", bytes, from, comma) && side.strip().equals("list")) {
          result.nothing();
        } else {
          result.mistake("the second column must be included or excluded, and the last");
        }
      }
    }
  }

  /// Finds the first column; where it ends, at a comma or the line's end, or −1.
  private int field(byte[] bytes, int from, int to) {
    if (from < to && bytes[from] == '"') {
      return quoted(bytes, from + 1, to);
    }
    field = bytes;
    start = from;
    end = from;
    while (end < to && bytes[end] != ',') {
      end++;
    }
    return end;
  }

  /// Of a key that is too long only so much is kept as to see that it is.
  private int quoted(byte[] bytes, int from, int to) {
    field = unquoted;
    start = 0;
    end = 0;
    for (int i = from; i < to; i++) {
      if (bytes[i] == '"' && (i + 1 == to || bytes[i + 1] != '"')) {
        return i + 1 == to || bytes[i + 1] == ',' ? i + 1 : -1;
      }
      if (bytes[i] == '"') {
        i++;
      }
      if (end < unquoted.length) {
        unquoted[end++] = bytes[i];
      }
    }
    return -1;
  }

  private static boolean is(String word, byte[] bytes, int from, int to) {
    return to - from == word.length()
        && word.equalsIgnoreCase(new String(bytes, from, to - from, StandardCharsets.US_ASCII));
  }
}
