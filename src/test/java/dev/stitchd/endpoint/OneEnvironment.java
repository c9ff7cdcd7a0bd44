package dev.stitchd.endpoint;

import dev.stitchd.access.Access;
import dev.stitchd.access.ManagementCaller;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.EnvironmentSettings;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.DerivedValues;
import dev.stitchd.snapshot.ItemHistory;
import dev.stitchd.snapshot.Reached;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
import java.util.UUID;
import org.springframework.http.server.reactive.ServerHttpRequest;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// Everybody holds the same key to the same environment, which are in memory or have to be looked
/// up.
final class OneEnvironment implements Access, Snapshots {

  final ObjectNode settings = Json.object();
  SdkCaller.Kind kind = SdkCaller.Kind.SERVER;
  boolean isInMemory = true;
  RuntimeException refusal;

  private SdkCaller caller() {
    return new SdkCaller(
        new UUID(0, 3), new TenantId(new UUID(0, 1)), new EnvironmentId(new UUID(0, 2)), kind);
  }

  private Snapshot snapshot() {
    return new Snapshot(
        caller().environment(),
        caller().tenant(),
        "production",
        new Cursor("5f3a90c1", 812),
        1,
        EnvironmentSettings.of(settings),
        Ruleset.EMPTY,
        ItemHistory.EMPTY,
        new DerivedValues());
  }

  @Override
  public SdkCaller known(String authorization, String apiKey) {
    return isInMemory && refusal == null ? caller() : null;
  }

  @Override
  public Mono<SdkCaller> sdk(String authorization, String apiKey) {
    return refusal == null ? Mono.just(caller()) : Mono.error(refusal);
  }

  @Override
  public Mono<ManagementCaller> management(ServerHttpRequest request) {
    return Mono.error(new UnsupportedOperationException());
  }

  @Override
  public Flux<SdkCaller> revocation(SdkCaller caller) {
    return Flux.never();
  }

  @Override
  public Snapshot held(EnvironmentId environment) {
    return isInMemory ? snapshot() : null;
  }

  @Override
  public Mono<Snapshot> current(EnvironmentId environment) {
    return Mono.fromSupplier(this::snapshot);
  }

  @Override
  public Mono<Reached> reach(EnvironmentId environment, Cursor told) {
    return current(environment).map(snapshot -> new Reached(snapshot, Reached.Place.HELD));
  }

  @Override
  public Mono<Reached> settled(EnvironmentId environment, Cursor told) {
    return Mono.empty();
  }

  @Override
  public Flux<Snapshot> updates(EnvironmentId environment) {
    return Flux.never();
  }
}
