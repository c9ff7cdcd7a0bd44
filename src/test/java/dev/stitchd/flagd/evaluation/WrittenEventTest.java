package dev.stitchd.flagd.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import dev.stitchd.flagd.evaluation.v2.EventStreamResponse;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class WrittenEventTest {

  private static EventStreamResponse naming(int flags) {
    var changed = Struct.newBuilder();
    for (int i = 0; i < flags; i++) {
      changed.putFields("flag-" + i, Given.text("update"));
    }
    return EventStreamResponse.newBuilder()
        .setType("configuration_change")
        .setData(changed)
        .build();
  }

  @Test
  void whatIsSentIsTheMessage() throws IOException {
    var message = naming(3);
    var event = WrittenEvent.of(message);
    for (int stream = 0; stream < 2; stream++) {
      var sent = WrittenEvent.MARSHALLER.stream(event);
      assertThat(sent).isInstanceOf(KnownLength.class);
      assertThat(sent.available()).isEqualTo(event.size());
      var bytes = new ByteArrayOutputStream();
      assertThat(((Drainable) sent).drainTo(bytes)).isEqualTo(event.size());
      assertThat(EventStreamResponse.parseFrom(bytes.toByteArray())).isEqualTo(message);
      assertThat(sent.available()).isZero();
    }
  }

  /// What a message costs for each stream that it is sent to.
  @Test
  void aStreamCostsLittleMoreThanItsBuffer() throws IOException {
    var event = WrittenEvent.of(naming(1_000));
    assertThat(allocated(WrittenEvent.MARSHALLER, event)).isLessThan(1_000);
  }

  private static <T> long allocated(MethodDescriptor.Marshaller<T> marshaller, T message)
      throws IOException {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 20; i++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      var _ = ((Drainable) marshaller.stream(message)).drainTo(OutputStream.nullOutputStream());
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    return least;
  }
}
