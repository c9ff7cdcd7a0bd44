package dev.stitchd.segment.upload;

import dev.stitchd.kernel.Problem;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/// Puts the members of an upload into chunks, holding one unfinished line and one unfinished chunk.
/// After the first bad line it goes on reading, for the other mistakes, and makes no more chunks.
/// Confined to one thread at a time.
public final class MemberReader {

  private final LineReader format;
  private final UploadSettings settings;
  private final LineErrors errors;
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

  /// Whether there was neither a member nor a mistake.
  public boolean isEmpty() {
    return rows == 0 && errors.count() == 0;
  }

  /// The form that the upload was taken for, as the API answers it.
  public ObjectNode recognized() {
    return format.recognized();
  }

  /// The chunks that these bytes fill.
  ///
  /// @throws Problem.TooLarge if there are more members than a list may have
  public List<CopyChunk> read(byte[] bytes) {
    var full = new ArrayList<CopyChunk>(1);
    format.read(bytes, new Members(full));
    return full;
  }

  /// The last chunk, after the last bytes.
  public List<CopyChunk> end() {
    var last = new ArrayList<CopyChunk>(2);
    format.end(new Members(last));
    if (chunk.rows() > 0 && errors.count() == 0) {
      last.add(chunk);
    }
    return last;
  }

  /// Members on their way into chunks.
  private final class Members implements LineReader.Lines {

    private final List<CopyChunk> full;

    private Members(List<CopyChunk> full) {
      this.full = full;
    }

    @Override
    public void member(long line, byte[] key, int from, int to, boolean included) {
      var wrong = MemberKeys.problem(key, from, to);
      if (wrong != null) {
        errors.note(line, wrong);
        return;
      }
      if (++rows > settings.members()) {
        throw new Problem.TooLarge("a list has at most " + settings.members() + " members");
      }
      if (errors.count() == 0) {
        add(key, from, to, included);
      }
    }

    @Override
    public void mistake(long line, String message) {
      errors.note(line, message);
    }

    private void add(byte[] key, int from, int to, boolean included) {
      chunk.add(included, key, from, to);
      if (chunk.isFull()) {
        full.add(chunk);
        chunk = newChunk();
      }
    }
  }

  private CopyChunk newChunk() {
    return new CopyChunk(settings.chunkRows(), (int) settings.chunkSize().toBytes());
  }
}
