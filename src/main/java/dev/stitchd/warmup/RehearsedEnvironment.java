package dev.stitchd.warmup;

import dev.stitchd.access.Access;
import dev.stitchd.access.ManagementCaller;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.access.StreamTokens;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.EnvironmentSettings;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.ruleset.Items;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.DerivedValues;
import dev.stitchd.snapshot.ItemHistory;
import dev.stitchd.snapshot.Reached;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.server.reactive.ServerHttpRequest;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// One environment with one flag and one key, all in memory. The flag has what flags have: targets
/// of several kinds of comparison and a percentage rollout.
final class RehearsedEnvironment implements Access, StreamTokens, Snapshots {

  static final String FLAG = "warm-up";

  private static final String ITEM =
      """
      {"type":"boolean","variants":{"on":true,"off":false},"clientVisible":true,"enabled":true,"offVariant":"off","targets":[],"prerequisites":[],
       "rules":[
         {"id":"staff","when":{"attribute":"email","op":"endsWith","values":["@example.com"]},"serve":{"variant":"on"}},
         {"id":"countries","when":{"all":[{"attribute":"country","op":"in","values":["DE","AT"]},{"attribute":"plan","op":"in","values":["pro"]}]},
          "serve":{"rollout":{"bucketBy":"targetingKey","salt":"warm","slots":[["on",50000],["off",50000]]}}}],
       "default":{"rollout":{"bucketBy":"targetingKey","salt":"up","slots":[["on",10000],["off",90000]]}}}
      """;

  private final SdkCaller caller =
      new SdkCaller(
          new UUID(0, 0),
          new TenantId(new UUID(0, 0)),
          EnvironmentId.REHEARSED,
          SdkCaller.Kind.SERVER);
  private final Snapshot snapshot =
      new Snapshot(
          caller.environment(),
          caller.tenant(),
          "warm-up",
          new Cursor("00000000", 1),
          1,
          EnvironmentSettings.NONE,
          Ruleset.of(Map.of(FLAG, Items.readFlag(FLAG, Json.parseOwn(ITEM))), Map.of()),
          ItemHistory.EMPTY,
          new DerivedValues());
  private final String bearer;

  /// @param bearer the one value of `Authorization` that is let in
  RehearsedEnvironment(String bearer) {
    this.bearer = bearer;
  }

  @Override
  public @Nullable SdkCaller known(@Nullable String authorization, @Nullable String apiKey) {
    return bearer.equals(authorization) ? caller : null;
  }

  @Override
  public Mono<SdkCaller> sdk(@Nullable String authorization, @Nullable String apiKey) {
    return Mono.error(() -> new Problem.Unauthenticated("this port is the server's own"));
  }

  @Override
  public Mono<ManagementCaller> management(ServerHttpRequest request) {
    return Mono.error(() -> new Problem.Unauthenticated("this port is the server's own"));
  }

  @Override
  public Flux<SdkCaller> revocation(SdkCaller caller) {
    return Flux.never();
  }

  @Override
  public Mono<String> issue(SdkCaller caller) {
    return Mono.empty();
  }

  @Override
  public Mono<SdkCaller> holder(String token) {
    return Mono.error(() -> new Problem.Unauthenticated("this port is the server's own"));
  }

  @Override
  public Snapshot held(EnvironmentId environment) {
    return snapshot;
  }

  @Override
  public Mono<Snapshot> current(EnvironmentId environment) {
    return Mono.just(snapshot);
  }

  @Override
  public Mono<Reached> reach(EnvironmentId environment, Cursor told) {
    return Mono.just(new Reached(snapshot, Reached.Place.HELD));
  }

  @Override
  public Mono<Reached> settled(EnvironmentId environment, Cursor told) {
    return Mono.empty();
  }

  @Override
  public Flux<Snapshot> updates(EnvironmentId environment) {
    return Flux.just(snapshot);
  }
}
