package dev.stitchd.door;

import io.netty.handler.codec.http.HttpMethod;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/// A route that the HTTP server itself can serve. Beans of this type are found.
public interface ShortWay {

  HttpMethod method();

  /// The whole path; a request may have a query.
  String path();

  /// The answer, or null if the request must go the long way through the filters, which answer the
  /// same. Called on the connection's event loop, where the answer must begin too.
  ///
  /// An answer that fails before its head was sent is answered as the filters would.
  @Nullable Publisher<Void> answer(
      Known known, HttpServerRequest request, HttpServerResponse response);
}
