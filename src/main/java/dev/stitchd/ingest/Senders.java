package dev.stitchd.ingest;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.boundary.BrowserOrigins;
import dev.stitchd.boundary.ClientAddress;
import dev.stitchd.delivery.Event;
import dev.stitchd.kernel.Problem;
import dev.stitchd.propagation.Instances;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;
import org.springframework.http.server.reactive.ServerHttpRequest;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// From a caller to what it may send: by its key, and by its environment's settings, flags, event
/// definitions and quota as they are known here.
final class Senders {

  private final Snapshots snapshots;
  private final DefinitionCache definitions;
  private final Allowances allowances;
  private final ClientAddress addresses;
  private final Instances instances;

  Senders(
      Snapshots snapshots,
      DefinitionCache definitions,
      Allowances allowances,
      ClientAddress addresses,
      Instances instances) {
    this.snapshots = snapshots;
    this.definitions = definitions;
    this.allowances = allowances;
    this.addresses = addresses;
    this.instances = instances;
  }

  /// Fails with [Problem.Unauthenticated], [Problem.Forbidden] for a page that may not use the key,
  /// or [Problem.Unavailable].
  Mono<Sender> of(ServerHttpRequest request, SdkCaller caller) {
    return snapshots
        .current(caller.environment())
        .onErrorMap(
            Problem.NotFound.class,
            _ -> new Problem.Unauthenticated("the key's environment is gone"))
        .doOnNext(snapshot -> note(request, caller, snapshot))
        .flatMap(snapshot -> of(request, caller, snapshot));
  }

  /// Anybody may hold a client key, so what such callers say about themselves is not counted.
  private void note(ServerHttpRequest request, SdkCaller caller, Snapshot snapshot) {
    if (caller.kind() == SdkCaller.Kind.SERVER) {
      instances.noted(snapshot, request.getHeaders().getFirst(Instances.HEADER), null);
    }
  }

  private Mono<Sender> of(ServerHttpRequest request, SdkCaller caller, Snapshot snapshot) {
    boolean isPublic = caller.kind() == SdkCaller.Kind.CLIENT;
    var settings = snapshot.settings();
    BrowserOrigins.check(request.getHeaders(), settings, isPublic);
    boolean registers = settings.path("autoRegisterEvents").asBoolean(false);
    var sender =
        new Sender(
            snapshot.tenant(),
            caller.environment(),
            isPublic ? Event.Source.CLIENT_SDK : Event.Source.SERVER_SDK,
            isPublic,
            privatePaths(settings),
            maySee(snapshot.ruleset(), isPublic),
            new TrackRules(null, registers),
            isPublic
                ? allowances.ofClient(snapshot, addresses.of(request))
                : allowances.ofServer(snapshot));
    return definitions
        .of(snapshot)
        .map(known -> sender.with(new TrackRules(known, registers)))
        .defaultIfEmpty(sender);
  }

  private static Predicate<String> maySee(Ruleset ruleset, boolean isPublic) {
    return isPublic ? key -> isVisible(ruleset, key) : _ -> true;
  }

  private static boolean isVisible(Ruleset ruleset, String key) {
    var flag = ruleset.flag(key);
    return flag != null && flag.shape().clientVisible();
  }

  private static Set<String> privatePaths(JsonNode settings) {
    var paths = new HashSet<String>();
    settings.path("privateAttributes").forEach(path -> paths.add(path.asString("")));
    return paths;
  }
}
