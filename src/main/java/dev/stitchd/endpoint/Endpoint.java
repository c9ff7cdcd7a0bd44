package dev.stitchd.endpoint;

import dev.stitchd.boundary.Failures;
import io.netty.handler.codec.http.HttpHeaderNames;

/// Serves one route of the SDK plane. Beans of this type are found; each route has one.
///
/// By the time an endpoint is asked, the caller is known and allowed, its environment loaded, and
/// the answer has the headers that all answers of its route have.
public interface Endpoint {

  SdkRoute route();

  /// Called on the connection's event loop; a [dev.stitchd.kernel.Problem] that is thrown refuses
  /// the request.
  Reply serve(SdkRequest request, Client client);

  /// How this route words a refusal: as `application/problem+json`, unless its protocol has its own
  /// form.
  default HttpAnswer refusal(Failures.Refusal refusal, SdkRequest request) {
    return HttpAnswer.of(refusal.status().value(), "application/problem+json", refusal.body())
        .with(HttpHeaderNames.CACHE_CONTROL, "no-store");
  }
}
