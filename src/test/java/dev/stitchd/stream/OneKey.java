package dev.stitchd.stream;

import dev.stitchd.access.Access;
import dev.stitchd.access.ManagementCaller;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.snapshot.MemoryItems;
import java.util.UUID;
import org.springframework.http.server.reactive.ServerHttpRequest;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/// Knows one server key, `sdk_srv_test`, until it is revoked.
public final class OneKey implements Access {

  public static final String KEY = "sdk_srv_test";

  final SdkCaller caller;
  private final Sinks.Many<SdkCaller> revoked = Sinks.many().multicast().directBestEffort();

  OneKey(EnvironmentId environment) {
    caller =
        new SdkCaller(UUID.randomUUID(), MemoryItems.TENANT, environment, SdkCaller.Kind.SERVER);
  }

  public void revoke() {
    revoked.tryEmitNext(caller).orThrow();
  }

  public int watchers() {
    return revoked.currentSubscriberCount();
  }

  @Override
  public Mono<SdkCaller> sdk(String authorization, String apiKey) {
    return KEY.equals(apiKey)
        ? Mono.just(caller)
        : Mono.error(new Problem.Unauthenticated("no such key"));
  }

  @Override
  public SdkCaller known(String authorization, String apiKey) {
    return KEY.equals(apiKey) ? caller : null;
  }

  @Override
  public Mono<ManagementCaller> management(ServerHttpRequest request) {
    return Mono.error(new Problem.Unauthenticated("no such token"));
  }

  @Override
  public Flux<SdkCaller> revocation(SdkCaller watched) {
    return revoked.asFlux();
  }
}
