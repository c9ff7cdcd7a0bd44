package dev.stitchd.stream;

import java.nio.ByteBuffer;
import reactor.core.publisher.Mono;

/// The client's end of one stream. Called by one stream, one operation at a time.
interface Outlet {

  /// Sends the head of the answer.
  Mono<Void> open();

  /// Writes and flushes; completes when the bytes have left this process, which is what shows that
  /// the client takes them.
  Mono<Void> write(ByteBuffer bytes);

  /// Completes when the client has gone.
  Mono<Void> gone();

  /// Cuts the connection without ceremony.
  void cut();
}
