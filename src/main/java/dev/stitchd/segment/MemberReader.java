package dev.stitchd.segment;

import dev.stitchd.kernel.Problem;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Cuts an upload into lines and its members into chunks, holding one unfinished line and one
/// unfinished chunk. After the first bad line it goes on reading, for the other mistakes, and makes
/// no more chunks. Confined to one thread at a time.
final class MemberReader {

  /// A key of the longest kind, with each byte escaped, and the words around it.
  private static final int LONGEST_LINE = 8 * 1024;

  private static final byte[] BOM = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

  private final MemberFormat.LineReader format;
  private final ListSettings settings;
  private final LineErrors errors;
  private final Found found = new Found();
  private byte[] open = new byte[1024];
  private int length;
  private boolean tooLong;
  private long line;
  private long rows;
  private Chunk chunk;

  MemberReader(MemberFormat.LineReader format, ListSettings settings) {
    this.format = format;
    this.settings = settings;
    this.errors = new LineErrors(settings.errorsListed());
    this.chunk = newChunk();
  }

  LineErrors errors() {
    return errors;
  }

  /// The chunks that these bytes fill.
  ///
  /// @throws Problem.TooLarge if there are more members than a list may have
  List<Chunk> read(byte[] bytes) {
    var full = new ArrayList<Chunk>(1);
    int from = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        if (length == 0 && !tooLong) {
          line(bytes, from, i, full);
        } else {
          keep(bytes, from, i);
          kept(full);
        }
        from = i + 1;
      }
    }
    keep(bytes, from, bytes.length);
    return full;
  }

  /// The last chunk, after the last bytes.
  List<Chunk> end() {
    var last = new ArrayList<Chunk>(2);
    if (length > 0 || tooLong) {
      kept(last);
    }
    if (chunk.rows() > 0 && errors.count() == 0) {
      last.add(chunk);
    }
    return last;
  }

  private void keep(byte[] bytes, int from, int to) {
    int more = to - from;
    if (tooLong || length + more > LONGEST_LINE) {
      tooLong = true;
      return;
    }
    if (length + more > open.length) {
      open = Arrays.copyOf(open, Math.max(open.length * 2, length + more));
    }
    System.arraycopy(bytes, from, open, length, more);
    length += more;
  }

  private void kept(List<Chunk> full) {
    if (tooLong) {
      tooLong = false;
      errors.note(++line, "is longer than " + LONGEST_LINE + " bytes");
    } else {
      line(open, 0, length, full);
    }
    length = 0;
  }

  private void line(byte[] bytes, int start, int end, List<Chunk> full) {
    line++;
    int from = line == 1 && startsWithBom(bytes, start, end) ? start + BOM.length : start;
    int to = end > from && bytes[end - 1] == '\r' ? end - 1 : end;
    if (from == to) {
      errors.note(line, "the line is empty");
      return;
    }
    format.read(bytes, from, to, line, found);
    var wrong =
        found.isMember ? MemberKeys.problem(found.bytes, found.from, found.to) : found.wrong;
    if (wrong != null) {
      errors.note(line, wrong);
    } else if (found.isMember) {
      add(full);
    }
  }

  private void add(List<Chunk> full) {
    if (++rows > settings.members()) {
      throw new Problem.TooLarge("a list has at most " + settings.members() + " members");
    }
    if (errors.count() > 0) {
      return;
    }
    chunk.add(found.included, found.bytes, found.from, found.to);
    if (chunk.isFull()) {
      full.add(chunk);
      chunk = newChunk();
    }
  }

  private Chunk newChunk() {
    return new Chunk(settings.chunkRows(), (int) settings.chunkSize().toBytes());
  }

  private static boolean startsWithBom(byte[] bytes, int from, int to) {
    return to - from >= BOM.length
        && Arrays.equals(bytes, from, from + BOM.length, BOM, 0, BOM.length);
  }
}
