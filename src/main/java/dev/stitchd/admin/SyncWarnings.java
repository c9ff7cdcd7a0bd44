package dev.stitchd.admin;

import dev.stitchd.catalog.flag.FlagTargeting;
import dev.stitchd.flagd.compile.LeftOut;
import dev.stitchd.flagd.sync.SetMessages;
import dev.stitchd.kernel.Json;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.revisionlog.PublishedHistory;
import dev.stitchd.snapshot.Snapshots;
import java.util.List;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/// A flag's targeting, with what keeps the flag out of the sets of flagd's providers.
@Component
final class SyncWarnings {

  private static final String CODE = "not-in-flagd-sync";

  private final FlagTargeting targeting;
  private final PublishedHistory history;
  private final Snapshots snapshots;
  private final SetMessages sets;

  SyncWarnings(
      FlagTargeting targeting, PublishedHistory history, Snapshots snapshots, SetMessages sets) {
    this.targeting = targeting;
    this.history = history;
    this.snapshots = snapshots;
    this.sets = sets;
  }

  Mono<ServerResponse> targeting(ServerRequest request) {
    var flag = request.pathVariable("flag");
    return targeting
        .get(
            Requests.tenant(request),
            Requests.project(request),
            flag,
            Requests.environment(request))
        .flatMap(stored -> leftOut(request, flag).map(reasons -> warned(stored, reasons)))
        .flatMap(Answers::of);
  }

  /// Of what this node serves. The targeting is worth having without it, whatever is out.
  private Mono<List<LeftOut>> leftOut(ServerRequest request, String flag) {
    return history
        .position(
            Requests.tenant(request), Requests.project(request), Requests.environment(request))
        .flatMap(position -> snapshots.current(position.environment()))
        .flatMap(snapshot -> sets.leftOut(snapshot, flag))
        .onErrorReturn(List.of());
  }

  private static StoredResource warned(StoredResource stored, List<LeftOut> reasons) {
    if (reasons.isEmpty()) {
      return stored;
    }
    var body = Json.object();
    body.setAll(stored.resource());
    var list = body.putArray("warnings");
    reasons.forEach(reason ->
        list.addObject()
            .put("code", CODE)
            .put("path", reason.path())
            .put("message", "not in flag sets for flagd's providers: " + reason.reason()));
    return new StoredResource(stored.key(), body, stored.version());
  }
}
