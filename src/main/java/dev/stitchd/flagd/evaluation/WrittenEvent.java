package dev.stitchd.flagd.evaluation;

import dev.stitchd.flagd.evaluation.v2.EventStreamResponse;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/// A message of an event stream as it is sent: written once, however many streams send it. A change
/// of a segment may name thousands of flags. Immutable.
final class WrittenEvent {

  /// Sends events; a server reads none.
  static final MethodDescriptor.Marshaller<WrittenEvent> MARSHALLER =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(WrittenEvent event) {
          return new Bytes(event.bytes);
        }

        @Override
        public WrittenEvent parse(InputStream stream) {
          throw new UnsupportedOperationException("events are only sent");
        }
      };

  private final byte[] bytes;

  private WrittenEvent(byte[] bytes) {
    this.bytes = bytes;
  }

  static WrittenEvent of(EventStreamResponse message) {
    return new WrittenEvent(message.toByteArray());
  }

  int size() {
    return bytes.length;
  }

  /// In the form that gRPC copies to a connection's buffer in one go.
  private static final class Bytes extends ByteArrayInputStream implements KnownLength, Drainable {

    private Bytes(byte[] bytes) {
      super(bytes);
    }

    @Override
    public int drainTo(OutputStream to) throws IOException {
      int length = available();
      to.write(buf, pos, length);
      pos = count;
      return length;
    }
  }
}
