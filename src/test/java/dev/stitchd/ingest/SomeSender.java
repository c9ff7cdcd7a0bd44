package dev.stitchd.ingest;

import dev.stitchd.catalog.event.DefinedEvents.Definition;
import dev.stitchd.delivery.Event;
import dev.stitchd.ingest.definitions.Definitions;
import dev.stitchd.ingest.quota.Allowance;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// Senders for tests; they may track anything and send as much as they like, unless told otherwise.
final class SomeSender {

  static final TenantId TENANT = new TenantId(new UUID(0, 1));

  private static final TrackRules ANYTHING =
      new TrackRules(new Definitions("5f3a90c1", 1, Map.of()), true);

  private SomeSender() {}

  static Sender server(EnvironmentId environment) {
    return hiding(environment, Set.of());
  }

  static Sender hiding(EnvironmentId environment, Set<String> hidden) {
    return new Sender(
        TENANT,
        environment,
        Event.Source.SERVER_SDK,
        false,
        hidden,
        _ -> true,
        ANYTHING,
        Allowance.UNLIMITED);
  }

  static Sender client(EnvironmentId environment, Predicate<String> maySee) {
    return new Sender(
        TENANT,
        environment,
        Event.Source.CLIENT_SDK,
        true,
        Set.of(),
        maySee,
        ANYTHING,
        Allowance.UNLIMITED);
  }

  static Sender limited(Sender sender, Allowance allowance) {
    return new Sender(
        sender.tenant(),
        sender.environment(),
        sender.source(),
        sender.isPublic(),
        sender.hidden(),
        sender.maySee(),
        sender.tracks(),
        allowance);
  }

  static TrackRules rules(boolean registers, Definition... definitions) {
    return new TrackRules(
        new Definitions(
            "5f3a90c1",
            1,
            Arrays.stream(definitions).collect(Collectors.toMap(Definition::key, d -> d))),
        registers);
  }
}
