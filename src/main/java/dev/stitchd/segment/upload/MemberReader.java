package dev.stitchd.segment.upload;

import dev.stitchd.kernel.Problem;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Cuts an upload into lines and its members into chunks, holding one unfinished line and one
/// unfinished chunk. After the first bad line it goes on reading, for the other mistakes, and makes
/// no more chunks. Confined to one thread at a time.
public final class MemberReader {

  /// A key of the longest kind, with each byte escaped, and the words around it.
  private static final int LONGEST_LINE = 8 * 1024;

  private static final byte[] BOM = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

  private final LineReader format;
  private final UploadSettings settings;
  private final LineErrors errors;
  private final ParsedLine parsed = new ParsedLine();
  private byte[] open = new byte[1024];
  private int length;
  private boolean tooLong;
  private long line;
  private long rows;
  private CopyChunk chunk;

  public MemberReader(LineReader format, UploadSettings settings) {
    this.format = format;
    this.settings = settings;
    this.errors = new LineErrors(settings.errorsListed());
    this.chunk = newChunk();
  }

  public LineErrors errors() {
    return errors;
  }

  /// The chunks that these bytes fill.
  ///
  /// @throws Problem.TooLarge if there are more members than a list may have
  public List<CopyChunk> read(byte[] bytes) {
    var full = new ArrayList<CopyChunk>(1);
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
  public List<CopyChunk> end() {
    var last = new ArrayList<CopyChunk>(2);
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

  private void kept(List<CopyChunk> full) {
    if (tooLong) {
      tooLong = false;
      errors.note(++line, "is longer than " + LONGEST_LINE + " bytes");
    } else {
      line(open, 0, length, full);
    }
    length = 0;
  }

  private void line(byte[] bytes, int start, int end, List<CopyChunk> full) {
    line++;
    int from = line == 1 && startsWithBom(bytes, start, end) ? start + BOM.length : start;
    int to = end > from && bytes[end - 1] == '\r' ? end - 1 : end;
    if (from == to) {
      errors.note(line, "the line is empty");
      return;
    }
    format.read(bytes, from, to, line, parsed);
    var wrong =
        parsed.isMember ? MemberKeys.problem(parsed.bytes, parsed.from, parsed.to) : parsed.wrong;
    if (wrong != null) {
      errors.note(line, wrong);
    } else if (parsed.isMember) {
      add(full);
    }
  }

  private void add(List<CopyChunk> full) {
    if (++rows > settings.members()) {
      throw new Problem.TooLarge("a list has at most " + settings.members() + " members");
    }
    if (errors.count() > 0) {
      return;
    }
    chunk.add(parsed.included, parsed.bytes, parsed.from, parsed.to);
    if (chunk.isFull()) {
      full.add(chunk);
      chunk = newChunk();
    }
  }

  private CopyChunk newChunk() {
    return new CopyChunk(settings.chunkRows(), (int) settings.chunkSize().toBytes());
  }

  private static boolean startsWithBom(byte[] bytes, int from, int to) {
    return to - from >= BOM.length
        && Arrays.equals(bytes, from, from + BOM.length, BOM, 0, BOM.length);
  }
}
