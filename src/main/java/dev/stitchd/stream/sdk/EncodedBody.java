package dev.stitchd.stream.sdk;

import dev.stitchd.stream.Frame;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// An encoded put or patch: the frame of streams, and within it the JSON that polling answers,
/// plain or compressed once when first asked for. Immutable, shared.
final class EncodedBody {

  private final Frame frame;
  private final int from;
  private final int length;
  private final Map<Coding, Mono<byte[]>> compressed = new EnumMap<>(Coding.class);
  private final Map<Coding, byte[]> finished = new ConcurrentHashMap<>(4);

  /// @param from where in the frame the JSON begins
  /// @param compressor may be kept busy
  EncodedBody(Frame frame, int from, int length, Scheduler compressor) {
    this.frame = frame;
    this.from = from;
    this.length = length;
    for (var coding : Coding.values()) {
      if (coding != Coding.IDENTITY) {
        compressed.put(
            coding,
            Mono.fromCallable(() -> coding.encode(frame.bytes(), from, length))
                .doOnNext(bytes -> finished.put(coding, bytes))
                .subscribeOn(compressor)
                .cache());
      }
    }
  }

  Frame frame() {
    return frame;
  }

  /// How long the JSON is, in bytes.
  int length() {
    return length;
  }

  /// The JSON in a coding, to be copied from; null if it has not been compressed yet, which [#json]
  /// does.
  @Nullable ByteBuffer ready(Coding coding) {
    if (coding == Coding.IDENTITY) {
      return ByteBuffer.wrap(frame.bytes(), from, length);
    }
    var bytes = finished.get(coding);
    return bytes == null ? null : ByteBuffer.wrap(bytes);
  }

  /// The JSON in a coding; read-only.
  Mono<ByteBuffer> json(Coding coding) {
    var bytes = compressed.get(coding);
    return bytes == null
        ? Mono.fromSupplier(() -> ByteBuffer.wrap(frame.bytes(), from, length))
        : bytes.map(ByteBuffer::wrap);
  }
}
