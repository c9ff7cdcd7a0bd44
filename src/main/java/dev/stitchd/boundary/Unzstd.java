package dev.stitchd.boundary;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import dev.stitchd.kernel.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// zstd with a window of at most 8 MiB, through the native library; its stream reads from memory
/// and says that it is empty instead of waiting.
final class Unzstd implements Inflation {

  /// 2^23 bytes.
  private static final int WINDOW_LOG = 23;

  private final Given given = new Given();
  private final ZstdInputStreamNoFinalizer stream;
  private boolean closed;

  Unzstd() {
    try {
      stream = new ZstdInputStreamNoFinalizer(given).setLongMax(WINDOW_LOG).setContinuous(true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public synchronized void give(byte[] input) {
    given.bytes = input;
    given.at = 0;
  }

  @Override
  public synchronized byte @Nullable [] next() {
    if (closed) {
      return null;
    }
    var piece = new byte[PIECE];
    try {
      int length = stream.read(piece, 0, PIECE);
      if (length <= 0) {
        return null;
      }
      return length == PIECE ? piece : Arrays.copyOf(piece, length);
    } catch (IOException _) {
      throw new Problem.Malformed("the body is not valid zstd, or its window is larger than 8 MiB");
    }
  }

  @Override
  public synchronized void end() {
    if (closed) {
      return;
    }
    try {
      if (stream.setContinuous(false).read(new byte[1], 0, 1) > 0) {
        throw new IllegalStateException("output was left behind");
      }
    } catch (IOException _) {
      throw new Problem.Malformed("the zstd body is cut off");
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      try {
        stream.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /// The input that was given; empty when it is used up.
  private static final class Given extends InputStream {
    private byte[] bytes = new byte[0];
    private int at;

    @Override
    public int read() {
      return at < bytes.length ? bytes[at++] & 0xff : -1;
    }

    @Override
    public int read(byte[] into, int from, int length) {
      if (at >= bytes.length) {
        return -1;
      }
      int count = Math.min(length, bytes.length - at);
      System.arraycopy(bytes, at, into, from, count);
      at += count;
      return count;
    }

    @Override
    public int available() {
      return bytes.length - at;
    }
  }
}
