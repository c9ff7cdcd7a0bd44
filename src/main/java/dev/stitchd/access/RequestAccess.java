package dev.stitchd.access;

import dev.stitchd.boundary.ClientAddress;
import dev.stitchd.kernel.Problem;
import org.jspecify.annotations.Nullable;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Reads credentials from headers and asks who holds them.
@Component
final class RequestAccess implements Access {

  private final SdkKeys keys;
  private final ApiTokens tokens;
  private final ClientAddress addresses;

  RequestAccess(SdkKeys keys, ApiTokens tokens, ClientAddress addresses) {
    this.keys = keys;
    this.tokens = tokens;
    this.addresses = addresses;
  }

  @Override
  public Mono<SdkCaller> sdk(@Nullable String authorization, @Nullable String apiKey) {
    var key = Credentials.sdkKey(authorization, apiKey);
    return key == null
        ? Mono.error(() ->
            new Problem.Unauthenticated(
                "send an SDK key as Authorization: Bearer sdk_… or X-API-Key: sdk_…"))
        : keys.holder(key);
  }

  @Override
  public @Nullable SdkCaller known(@Nullable String authorization, @Nullable String apiKey) {
    return known(new LastKey(), authorization, apiKey);
  }

  @Override
  public @Nullable SdkCaller known(
      LastKey last, @Nullable String authorization, @Nullable String apiKey) {
    var hash = last.hash(authorization, apiKey);
    return hash == null ? null : keys.known(hash);
  }

  @Override
  public Mono<ManagementCaller> management(ServerHttpRequest request) {
    var token = Credentials.bearer(request.getHeaders());
    return token == null
        ? session(request, tenant(request))
        : tokens.holder(token, tenant(request), address(request));
  }

  @Override
  public Mono<ManagementCaller> session(ServerHttpRequest request) {
    return session(request, null);
  }

  private Mono<ManagementCaller> session(ServerHttpRequest request, @Nullable String tenant) {
    var cookie = SessionCookie.of(request);
    return cookie == null
        ? Mono.error(() ->
            new Problem.Unauthenticated(
                "send an API token as Authorization: Bearer sat_…, or sign in"))
        : tokens
            .session(cookie, tenant, address(request))
            .map(caller -> caller.provedBy(SessionCookie.csrf(cookie)));
  }

  private static @Nullable String tenant(ServerHttpRequest request) {
    return request.getHeaders().getFirst("Stitchd-Tenant");
  }

  private String address(ServerHttpRequest request) {
    return addresses.of(
        request.getRemoteAddress(), request.getHeaders().getOrEmpty(ClientAddress.FORWARDED));
  }

  @Override
  public Flux<SdkCaller> revocation(SdkCaller caller) {
    return keys.revocation(caller);
  }
}
