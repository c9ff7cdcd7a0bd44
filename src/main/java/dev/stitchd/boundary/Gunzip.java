package dev.stitchd.boundary;

import dev.stitchd.kernel.Problem;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/// gzip (RFC 1952), one member after another. The JDK's own stream cannot wait for input without
/// blocking, hence this.
final class Gunzip implements Inflation {

  private static final int HEADER = 10;
  private static final int TRAILER = 8;
  private static final int FLAG_CHECKSUM = 2;
  private static final int FLAG_EXTRA = 4;
  private static final int FLAG_NAME = 8;
  private static final int FLAG_COMMENT = 16;

  private enum Part {
    HEADER,
    EXTRA_LENGTH,
    EXTRA,
    NAME,
    COMMENT,
    CHECKSUM,
    BODY,
    TRAILER
  }

  private final Inflater inflater = new Inflater(true);
  private final CRC32 checksum = new CRC32();
  private final byte[] small = new byte[HEADER];
  private Part part = Part.HEADER;
  private byte[] input = new byte[0];
  private int at;
  private int have;
  private int skip;
  private int flags;
  private boolean started;
  private boolean closed;

  @Override
  public synchronized void give(byte[] bytes) {
    input = bytes;
    at = 0;
  }

  @Override
  public synchronized byte @Nullable [] next() {
    while (!closed && (at < input.length || part == Part.BODY)) {
      if (part != Part.BODY) {
        frame();
        continue;
      }
      var piece = inflate();
      if (piece != null) {
        return piece;
      }
      if (part == Part.BODY) {
        return null;
      }
    }
    return null;
  }

  /// A step in what surrounds the body.
  private void frame() {
    started = true;
    switch (part) {
      case HEADER -> {
        if (collected(HEADER)) {
          header();
          part = Part.EXTRA_LENGTH;
        }
      }
      case EXTRA_LENGTH -> {
        if ((flags & FLAG_EXTRA) == 0) {
          part = Part.NAME;
        } else if (collected(2)) {
          skip = (small[0] & 0xff) | (small[1] & 0xff) << 8;
          part = Part.EXTRA;
        }
      }
      case EXTRA -> {
        int step = Math.min(skip, input.length - at);
        at += step;
        skip -= step;
        if (skip == 0) {
          part = Part.NAME;
        }
      }
      case NAME -> text(FLAG_NAME, Part.COMMENT);
      case COMMENT -> text(FLAG_COMMENT, Part.CHECKSUM);
      case CHECKSUM -> {
        if ((flags & FLAG_CHECKSUM) == 0 || collected(2)) {
          part = Part.BODY;
        }
      }
      case TRAILER -> {
        if (collected(TRAILER)) {
          trailer();
          part = Part.HEADER;
          inflater.reset();
          checksum.reset();
          started = false;
        }
      }
      case BODY -> throw new IllegalStateException("the body is no frame");
    }
  }

  private void text(int flag, Part after) {
    if ((flags & flag) == 0 || input[at++] == 0) {
      part = after;
    }
  }

  /// Whether so many bytes are now in [#small].
  private boolean collected(int count) {
    while (have < count && at < input.length) {
      small[have++] = input[at++];
    }
    if (have < count) {
      return false;
    }
    have = 0;
    return true;
  }

  private void header() {
    if ((small[0] & 0xff) != 0x1f || (small[1] & 0xff) != 0x8b || small[2] != 8) {
      throw broken();
    }
    flags = small[3];
  }

  private void trailer() {
    if (number(0) != checksum.getValue()
        || number(4) != (inflater.getBytesWritten() & 0xffffffffL)) {
      throw broken();
    }
  }

  private long number(int from) {
    return (small[from] & 0xffL)
        | (small[from + 1] & 0xffL) << 8
        | (small[from + 2] & 0xffL) << 16
        | (small[from + 3] & 0xffL) << 24;
  }

  private byte @Nullable [] inflate() {
    if (at < input.length) {
      inflater.setInput(input, at, input.length - at);
      at = input.length;
    }
    var piece = new byte[PIECE];
    try {
      int length = inflater.inflate(piece);
      if (inflater.needsDictionary()) {
        throw broken();
      }
      if (inflater.finished()) {
        at = input.length - inflater.getRemaining();
        part = Part.TRAILER;
      }
      if (length == 0) {
        return null;
      }
      checksum.update(piece, 0, length);
      return length == PIECE ? piece : Arrays.copyOf(piece, length);
    } catch (DataFormatException _) {
      throw broken();
    }
  }

  @Override
  public synchronized void end() {
    if (!closed && (part != Part.HEADER || started)) {
      throw new Problem.Malformed("the gzip body is cut off");
    }
  }

  private static Problem broken() {
    return new Problem.Malformed("the body is not valid gzip");
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      inflater.end();
    }
  }
}
