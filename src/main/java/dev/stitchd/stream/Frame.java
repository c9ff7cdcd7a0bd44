package dev.stitchd.stream;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stitchd.kernel.Json;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What is written to a stream at once: complete lines of Server-Sent Events. Immutable and shared.
///
/// @param bytes not to be written to
/// @param revision where it takes a client that takes it; [#NONE] if that is where it was
public record Frame(Kind kind, byte[] bytes, long revision) {

  static final long NONE = -1;

  static final Frame HEARTBEAT = new Frame(Kind.HEARTBEAT, ": hb\n\n".getBytes(UTF_8));

  Frame(Kind kind, byte[] bytes) {
    this(kind, bytes, NONE);
  }

  public enum Kind {
    RETRY,
    PUT,
    PATCH,
    CURRENT,
    MESSAGE,
    HEARTBEAT,
    GOODBYE
  }

  /// Why a stream ends by plan.
  enum Reason {
    DRAINING("draining"),
    KEY_REVOKED("key-revoked"),
    ENVIRONMENT_DELETED("environment-deleted"),
    MAXIMUM_AGE("maximum-age"),
    TOO_SLOW("too-slow");

    private final String wire;

    Reason(String wire) {
      this.wire = wire;
    }

    String wire() {
      return wire;
    }
  }

  /// How long clients wait before they connect again.
  static Frame retry(Duration after) {
    return new Frame(Kind.RETRY, ("retry: " + after.toMillis() + "\n\n").getBytes(UTF_8));
  }

  /// One event.
  ///
  /// @param id a cursor, which the client sends back as `Last-Event-ID`
  /// @param event the event's type
  /// @param data one line
  public static Frame message(String id, String event, String data) {
    var text = "id: " + id + "\nevent: " + event + "\ndata: " + data + "\n\n";
    return new Frame(Kind.MESSAGE, text.getBytes(UTF_8));
  }

  /// The last frame of a stream.
  ///
  /// @param reconnectAfter null if there is nothing to come back for
  static Frame goodbye(Reason reason, @Nullable Duration reconnectAfter) {
    var data = Json.object().put("reason", reason.wire());
    if (reconnectAfter != null) {
      data.put("reconnectAfterMs", reconnectAfter.toMillis());
    }
    return new Frame(
        Kind.GOODBYE, ("event: goodbye\ndata: " + Json.write(data) + "\n\n").getBytes(UTF_8));
  }

  /// This frame as a chunk of an HTTP/1.1 body, in direct memory; whoever asks releases it.
  ByteBuf chunk(ByteBufAllocator allocator) {
    var size = Integer.toHexString(bytes.length) + "\r\n";
    var chunk = allocator.directBuffer(size.length() + bytes.length + 2);
    chunk.writeCharSequence(size, StandardCharsets.US_ASCII);
    return chunk.writeBytes(bytes).writeByte('\r').writeByte('\n');
  }

  /// A chunk of this frame without what makes it a chunk.
  ByteBuf contentOf(ByteBuf chunk) {
    return chunk.slice(Integer.toHexString(bytes.length).length() + 2, bytes.length);
  }
}
