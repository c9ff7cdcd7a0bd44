package dev.stitchd.ingest;

import dev.stitchd.boundary.ClientAddress;
import dev.stitchd.delivery.Event;
import dev.stitchd.endpoint.Client;
import dev.stitchd.endpoint.SdkRequest;
import dev.stitchd.ingest.definitions.DefinitionCache;
import dev.stitchd.ingest.quota.Allowances;
import dev.stitchd.propagation.Instances;
import dev.stitchd.ruleset.Ruleset;
import java.util.function.Predicate;
import reactor.core.publisher.Mono;

/// From a caller to what it may send: by its key, and by its environment's settings, flags, event
/// definitions and quota as they are known here.
final class Senders {

  private final DefinitionCache definitions;
  private final Allowances allowances;
  private final ClientAddress addresses;
  private final Instances instances;

  Senders(
      DefinitionCache definitions,
      Allowances allowances,
      ClientAddress addresses,
      Instances instances) {
    this.definitions = definitions;
    this.allowances = allowances;
    this.addresses = addresses;
    this.instances = instances;
  }

  /// Fails with [dev.stitchd.kernel.Problem.Unavailable] if that cannot be found out now.
  Mono<Sender> of(SdkRequest request, Client client) {
    note(request, client);
    boolean isPublic = client.isPublic();
    var snapshot = client.snapshot();
    var settings = snapshot.settings();
    boolean registers = settings.autoRegisterEvents();
    var sender =
        new Sender(
            snapshot.tenant(),
            snapshot.environment(),
            isPublic ? Event.Source.CLIENT_SDK : Event.Source.SERVER_SDK,
            isPublic,
            settings.privateAttributes(),
            maySee(snapshot.ruleset(), isPublic),
            new TrackRules(null, registers),
            isPublic
                ? allowances.ofClient(
                    snapshot,
                    addresses.of(request.remote(), request.headers(ClientAddress.FORWARDED)))
                : allowances.ofServer(snapshot));
    return definitions
        .of(snapshot)
        .map(known -> sender.with(new TrackRules(known, registers)))
        .defaultIfEmpty(sender);
  }

  /// Anybody may hold a client key, so what such callers say about themselves is not counted.
  private void note(SdkRequest request, Client client) {
    var instance = request.header(Instances.HEADER);
    if (instance != null && !client.isPublic()) {
      instances.noted(client.snapshot(), instance, null);
    }
  }

  private static Predicate<String> maySee(Ruleset ruleset, boolean isPublic) {
    return isPublic ? key -> isVisible(ruleset, key) : _ -> true;
  }

  private static boolean isVisible(Ruleset ruleset, String key) {
    var flag = ruleset.flag(key);
    return flag != null && flag.shape().clientVisible();
  }
}
