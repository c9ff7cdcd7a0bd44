package dev.stitchd.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// Reads the body of an SSE response (chunked, HTTP/1.1) and reports each event when its last byte
/// is there. Does not keep data, of each line only its beginning is looked at, unless the listener
/// wants to be told. One per connection.
final class StreamReader {

  /// Hears of events.
  interface Listener {

    /// The response head is complete.
    ///
    /// @param head its lines
    void opened(int status, String head);

    /// An event is complete.
    ///
    /// @param revision the number behind the last dot of its `id`, or -1
    void event(long revision);

    /// The same event, whole.
    ///
    /// @param name its type
    /// @param data its data
    default void told(String name, String data) {}
  }

  private static final int LINE_START = 64;

  private enum State {
    HEAD,
    CHUNK_SIZE,
    CHUNK,
    CHUNK_END
  }

  private final Listener listener;
  private State state = State.HEAD;
  private int chunkLeft;
  private int lineLength;
  private final byte[] lineStart = new byte[LINE_START];
  private StringBuilder head = new StringBuilder(256);
  private long revision = -1;
  private String id = "";
  private long retry = -1;
  private boolean fields;
  private final ByteArrayOutputStream line;
  private String name = "";
  private String data = "";

  StreamReader(Listener listener) {
    this(listener, false);
  }

  /// @param whole whether the listener wants to be told
  StreamReader(Listener listener, boolean whole) {
    this.listener = listener;
    this.line = whole ? new ByteArrayOutputStream() : null;
  }

  /// The last `id` that was read, which is the cursor to come back with.
  String id() {
    return id;
  }

  /// How long to wait before coming back, in milliseconds, as the last `retry` said; -1 if none
  /// did.
  long retry() {
    return retry;
  }

  void read(ByteBuf in) {
    while (in.isReadable()) {
      switch (state) {
        case HEAD -> readHead(in);
        case CHUNK_SIZE -> readChunkSize(in);
        case CHUNK -> readChunk(in);
        case CHUNK_END -> readChunkEnd(in);
      }
    }
  }

  private void readHead(ByteBuf in) {
    while (in.isReadable()) {
      head.append((char) in.readUnsignedByte());
      var length = head.length();
      if (length >= 4 && head.indexOf("\r\n\r\n", length - 4) >= 0) {
        var status = Integer.parseInt(head, 9, 12, 10);
        var lines = head.toString();
        head = new StringBuilder(0); // thousands of these are held
        state = State.CHUNK_SIZE;
        listener.opened(status, lines);
        return;
      }
    }
  }

  private void readChunkSize(ByteBuf in) {
    while (in.isReadable()) {
      var b = in.readByte();
      var digit = Character.digit(b, 16);
      if (digit >= 0) {
        chunkLeft = chunkLeft << 4 | digit;
      } else if (b == '\n') {
        state = State.CHUNK;
        return;
      }
    }
  }

  private void readChunk(ByteBuf in) {
    var end = in.readerIndex() + Math.min(chunkLeft, in.readableBytes());
    chunkLeft -= end - in.readerIndex();
    while (in.readerIndex() < end) {
      var newline = in.indexOf(in.readerIndex(), end, (byte) '\n');
      keepLineStart(in, newline < 0 ? end : newline);
      if (newline >= 0) {
        in.readerIndex(newline + 1);
        lineComplete();
      } else {
        in.readerIndex(end);
      }
    }
    if (chunkLeft == 0) {
      state = State.CHUNK_END;
    }
  }

  private void readChunkEnd(ByteBuf in) {
    while (in.isReadable()) {
      if (in.readByte() == '\n') {
        state = State.CHUNK_SIZE;
        return;
      }
    }
  }

  private void keepLineStart(ByteBuf in, int end) {
    var length = end - in.readerIndex();
    if (line != null) {
      line.writeBytes(ByteBufUtil.getBytes(in, in.readerIndex(), length));
    }
    if (lineLength < LINE_START) {
      in.getBytes(
          in.readerIndex(), lineStart, lineLength, Math.min(length, LINE_START - lineLength));
    }
    lineLength += length;
  }

  private void lineComplete() {
    if (line != null) {
      wholeLine(line.toString(StandardCharsets.UTF_8));
      line.reset();
    }
    if (lineLength == 0) {
      if (fields) {
        listener.event(revision);
      }
      fields = false;
      revision = -1;
    } else if (lineStart[0] == 'i' && lineStart[1] == 'd' && lineLength <= LINE_START) {
      var text = startOfLine();
      id = text.substring(text.indexOf(' ') + 1);
      revision = Long.parseLong(text, text.lastIndexOf('.') + 1, text.length(), 10);
    } else if (lineStart[0] == 'r' && lineLength <= LINE_START) {
      var text = startOfLine();
      retry = Long.parseLong(text, text.indexOf(' ') + 1, text.length(), 10);
    } else if (lineStart[0] == 'd') {
      fields = true;
    }
    lineLength = 0;
  }

  private String startOfLine() {
    return new String(lineStart, 0, lineLength, StandardCharsets.ISO_8859_1);
  }

  private void wholeLine(String text) {
    if (text.startsWith("event: ")) {
      name = text.substring("event: ".length());
    } else if (text.startsWith("data: ")) {
      data = text.substring("data: ".length());
    } else if (text.isEmpty() && !data.isEmpty()) {
      listener.told(name, data);
      data = "";
    }
  }
}
