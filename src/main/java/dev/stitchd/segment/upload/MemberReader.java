package dev.stitchd.segment.upload;

import dev.stitchd.boundary.LineCutter;
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
  private final LineCutter cutter = new LineCutter(LONGEST_LINE);
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
    cutter.cut(bytes, new Lines(full));
    return full;
  }

  /// The last chunk, after the last bytes.
  public List<CopyChunk> end() {
    var last = new ArrayList<CopyChunk>(2);
    cutter.end(new Lines(last));
    if (chunk.rows() > 0 && errors.count() == 0) {
      last.add(chunk);
    }
    return last;
  }

  /// Lines on their way into chunks.
  private final class Lines implements LineCutter.Lines {

    private final List<CopyChunk> full;

    private Lines(List<CopyChunk> full) {
      this.full = full;
    }

    @Override
    public void line(byte[] bytes, int from, int to) {
      MemberReader.this.line(bytes, from, to, full);
    }

    @Override
    public void tooLong() {
      errors.note(++line, "is longer than " + LONGEST_LINE + " bytes");
    }
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
