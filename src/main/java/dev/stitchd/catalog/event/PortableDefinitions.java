package dev.stitchd.catalog.event;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.resource.ImportReport;
import dev.stitchd.resource.LockedEnvironment;
import dev.stitchd.resource.PortableBody;
import dev.stitchd.resource.UnitOfWork;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// An environment's event definitions, out of files and into them. Of one unit of work: first
/// everything is asked for, then it is written.
public final class PortableDefinitions {

  private final UnitOfWork unit;
  private final String environment;
  private final TreeMap<String, EventDefinitionRow> now = new TreeMap<>();
  private final Map<String, EventDefinitionBody> wanted = new LinkedHashMap<>();

  private PortableDefinitions(UnitOfWork unit, String environment, List<EventDefinitionRow> rows) {
    this.unit = unit;
    this.environment = environment;
    rows.forEach(row -> now.put(row.key(), row));
  }

  /// Reads the definitions that there are.
  ///
  /// @param environment its key
  /// @param id null if it is still to be made
  public static Mono<PortableDefinitions> of(
      UnitOfWork unit, String environment, @Nullable EnvironmentId id) {
    Mono<List<EventDefinitionRow>> rows =
        id == null
            ? Mono.just(List.of())
            : EventDefinitionRows.page(
                unit.session(), unit.tenant(), id.value(), "", EventDefinitions.MAX_DEFINITIONS);
    return rows.map(found -> new PortableDefinitions(unit, environment, found));
  }

  /// All definitions for a file.
  public ObjectNode exported() {
    var all = Json.object();
    now.forEach((key, definition) -> all.set(key, PortableBody.of(definition)));
    return all;
  }

  /// Asks for a definition as a file has it.
  public void want(String key, JsonNode body, ImportReport report) {
    var before = now.get(key);
    var at = "environments." + environment + ".eventDefinitions";
    var read =
        report.read(
            at + "." + key,
            () ->
                EventDefinitionBody.read(
                    PortableBody.withKey(key, body), before == null ? null : key));
    if (read != null
        && report.differs(
            "environments/" + environment + "/event-definitions/" + key,
            before == null ? null : PortableBody.of(before),
            read.portable())) {
      wanted.put(key, read);
    }
    var made = wanted.keySet().stream().filter(name -> !now.containsKey(name)).count();
    if (before == null && now.size() + made == EventDefinitions.MAX_DEFINITIONS + 1) {
      report.refused().add(at, EventDefinitions.tooMany().detail());
    }
  }

  /// Whether nothing is to be written.
  public boolean isEmpty() {
    return wanted.isEmpty();
  }

  /// Writes and audits it.
  ///
  /// @param project its key
  public Mono<Void> write(String project, LockedEnvironment at) {
    return Flux.fromIterable(wanted.values())
        .concatMap(
            body -> EventDefinitions.put(unit, project, at, now.get(body.named().key()), body))
        .then();
  }
}
