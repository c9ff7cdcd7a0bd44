package dev.stitchd.endpoint;

import java.util.function.Function;
import reactor.core.publisher.Mono;

/// What an endpoint makes of a request.
public sealed interface Reply {

  /// An answer that is there.
  record Now(HttpAnswer answer) implements Reply {}

  /// Something has to be waited for; from any thread.
  record Later(Mono<? extends Reply> reply) implements Reply {}

  /// The request's body is needed first.
  ///
  /// @param most in bytes; a larger body is refused and not read to its end
  /// @param then called on the connection's event loop, as the endpoint was
  record AfterBody(int most, Function<byte[], Reply> then) implements Reply {}

  /// The endpoint writes the answer itself, beginning on the connection's event loop; what fails
  /// before the answer's head was sent is refused like everything else.
  record Written(Mono<Void> writing) implements Reply {}

  /// No.
  record Refused(Throwable why) implements Reply {}
}
