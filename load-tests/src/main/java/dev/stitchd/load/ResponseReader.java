package dev.stitchd.load;

import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// Reads HTTP/1.1 responses from a keep-alive connection as cheaply as possible: the status, the
/// length, and the body only if asked for. One per connection, used on its event loop.
final class ResponseReader {

  private static final int MAX_HEAD = 16 * 1024;

  private enum State {
    HEAD,
    BODY,
    CHUNK_SIZE,
    CHUNK,
    CHUNK_END,
    TRAILER
  }

  private final boolean keepBody;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream(512);
  private final ByteArrayOutputStream body = new ByteArrayOutputStream(512);
  private State state = State.HEAD;
  private long remaining;
  private int status;
  private long responseBytes;
  private String head = "";

  ResponseReader(boolean keepBody) {
    this.keepBody = keepBody;
  }

  /// Consumes bytes until a response is complete, which it says, or the buffer is empty. To be
  /// called again with what is left.
  boolean read(ByteBuf in) {
    while (in.isReadable()) {
      var complete =
          switch (state) {
            case HEAD -> headRead(in);
            case BODY -> consumed(in);
            case CHUNK_SIZE -> chunkSizeRead(in);
            case CHUNK -> chunkConsumed(in);
            case CHUNK_END -> chunkEndRead(in);
            case TRAILER -> trailerRead(in);
          };
      if (complete) {
        state = State.HEAD;
        return true;
      }
    }
    return false;
  }

  int status() {
    return status;
  }

  /// The size of the last response, head included.
  long responseBytes() {
    return responseBytes;
  }

  /// The head of the last response, in lower case.
  String head() {
    return head;
  }

  String body() {
    return body.toString(StandardCharsets.UTF_8);
  }

  private boolean headRead(ByteBuf in) {
    var bytes = wholeHead(in);
    if (bytes == null) {
      return false;
    }
    responseBytes = bytes.length;
    body.reset();
    head = new String(bytes, StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
    status = Integer.parseInt(head, 9, 12, 10);
    if (status == 304 || status == 204) {
      return true;
    }
    var length = head.indexOf("\r\ncontent-length:");
    if (length >= 0) {
      var end = head.indexOf("\r\n", length + 2);
      remaining = Long.parseLong(head.substring(length + 17, end).strip());
      state = State.BODY;
      return remaining == 0;
    }
    if (head.contains("\r\ntransfer-encoding: chunked")) {
      state = State.CHUNK_SIZE;
      return false;
    }
    throw new IllegalStateException("a response without length: " + head);
  }

  private byte[] wholeHead(ByteBuf in) {
    // mostly the whole head is in one read, and ends at the first empty line
    var from = in.readerIndex();
    while (true) {
      var newline = in.indexOf(from, in.writerIndex(), (byte) '\n');
      if (newline < 0) {
        keep(in, in.readableBytes());
        return null;
      }
      from = newline + 1;
      var length = line.size() + newline + 1 - in.readerIndex();
      if (endsHead(in, newline, length)) {
        keep(in, newline + 1 - in.readerIndex());
        var bytes = line.toByteArray();
        line.reset();
        return bytes;
      }
    }
  }

  /// Whether the bytes kept so far and those up to the newline end with `\r\n\r\n`.
  private boolean endsHead(ByteBuf in, int newline, int length) {
    if (length < 4) {
      return false;
    }
    var available = newline + 1 - in.readerIndex();
    if (available >= 4) {
      return in.getInt(newline - 3) == 0x0d0a0d0a;
    }
    var kept = line.toByteArray();
    var tail = 0;
    for (var i = length - 4; i < length; i++) {
      var b = i < kept.length ? kept[i] : in.getByte(in.readerIndex() + i - kept.length);
      tail = tail << 8 | b & 0xff;
    }
    return tail == 0x0d0a0d0a;
  }

  private void keep(ByteBuf in, int length) {
    if (line.size() + length > MAX_HEAD) {
      throw new IllegalStateException("a response head larger than " + MAX_HEAD + " bytes");
    }
    var bytes = new byte[length];
    in.readBytes(bytes);
    line.write(bytes, 0, length);
  }

  /// Consumes body bytes; true when nothing of this body or chunk remains.
  private boolean consumed(ByteBuf in) {
    var length = (int) Math.min(remaining, in.readableBytes());
    if (keepBody) {
      var bytes = new byte[length];
      in.readBytes(bytes);
      body.write(bytes, 0, length);
    } else {
      in.skipBytes(length);
    }
    remaining -= length;
    responseBytes += length;
    return remaining == 0;
  }

  private boolean chunkSizeRead(ByteBuf in) {
    var text = wholeLine(in);
    if (text != null) {
      remaining = Long.parseLong(text.strip(), 16);
      state = remaining == 0 ? State.TRAILER : State.CHUNK;
    }
    return false;
  }

  private boolean chunkConsumed(ByteBuf in) {
    if (consumed(in)) {
      state = State.CHUNK_END;
    }
    return false;
  }

  private boolean chunkEndRead(ByteBuf in) {
    if (wholeLine(in) != null) {
      state = State.CHUNK_SIZE;
    }
    return false;
  }

  private boolean trailerRead(ByteBuf in) {
    var text = wholeLine(in);
    return text != null && text.isBlank();
  }

  private String wholeLine(ByteBuf in) {
    var newline = in.indexOf(in.readerIndex(), in.writerIndex(), (byte) '\n');
    if (newline < 0) {
      keep(in, in.readableBytes());
      return null;
    }
    keep(in, newline + 1 - in.readerIndex());
    var text = line.toString(StandardCharsets.ISO_8859_1);
    line.reset();
    return text;
  }
}
