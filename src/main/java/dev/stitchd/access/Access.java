package dev.stitchd.access;

import org.jspecify.annotations.Nullable;
import org.springframework.http.server.reactive.ServerHttpRequest;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Turns a request's credential into a caller.
public interface Access {

  /// The holder of the SDK key in `Authorization: Bearer` or `X-API-Key`. Fails with
  /// [dev.stitchd.kernel.Problem.Unauthenticated] for none or a wrong one, with
  /// [dev.stitchd.kernel.Problem.Unavailable] if the key is not known here and the store cannot be
  /// asked.
  ///
  /// @param authorization the value of `Authorization`
  /// @param apiKey the value of `X-API-Key`
  Mono<SdkCaller> sdk(@Nullable String authorization, @Nullable String apiKey);

  /// The holder of an SDK key that was given in these headers, if it is in memory; null if it is
  /// not, or there is none: [#sdk] then finds out. Never waits.
  ///
  /// @param authorization the value of `Authorization`
  /// @param apiKey the value of `X-API-Key`
  default @Nullable SdkCaller known(@Nullable String authorization, @Nullable String apiKey) {
    return null;
  }

  /// The same for a connection that remembers which key it presented last.
  default @Nullable SdkCaller known(
      LastKey last, @Nullable String authorization, @Nullable String apiKey) {
    return known(authorization, apiKey);
  }

  /// The holder of the API token in `Authorization: Bearer`, or else of the session in the cookie,
  /// in the tenant that the header `Stitchd-Tenant` names (default `default`). Fails with
  /// [dev.stitchd.kernel.Problem.Unauthenticated], or [dev.stitchd.kernel.Problem.NotFound] for an
  /// unknown tenant.
  Mono<ManagementCaller> management(ServerHttpRequest request);

  /// Whose session the cookie is of, in that person's own tenant, whatever else is sent. Fails as
  /// [#management].
  default Mono<ManagementCaller> session(ServerHttpRequest request) {
    return management(request);
  }

  /// Emits once, when this key stops being valid (revoked, or its environment deleted), however it
  /// was found out; until then nothing. Cancel when no longer interested.
  Flux<SdkCaller> revocation(SdkCaller caller);
}
