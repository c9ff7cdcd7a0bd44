package dev.stitchd.catalog.project;

import dev.stitchd.catalog.project.EnvironmentRows.Environment;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.permission.Need;
import dev.stitchd.permission.PathScope;
import dev.stitchd.resource.ImportReport;
import dev.stitchd.resource.LockedEnvironment;
import dev.stitchd.resource.PortableBody;
import dev.stitchd.resource.UnitOfWork;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A project's environments with their settings, out of files and into them. Of one unit of work:
/// first everything is asked for, then it is written.
public final class PortableEnvironments {

  /// More than a project has.
  private static final int ALL = 100_000;

  private final UnitOfWork unit;
  private final String project;
  private final UUID projectId;
  private final TreeMap<String, Environment> now = new TreeMap<>();
  private final Map<String, EnvironmentBody> wanted = new LinkedHashMap<>();

  private PortableEnvironments(
      UnitOfWork unit, String project, UUID projectId, List<Environment> rows) {
    this.unit = unit;
    this.project = project;
    this.projectId = projectId;
    rows.forEach(row -> now.put(row.key(), row));
  }

  /// Reads the environments that there are.
  public static Mono<PortableEnvironments> of(UnitOfWork unit, String project, UUID projectId) {
    return EnvironmentRows.page(unit.session(), unit.tenant(), projectId, null, "", ALL)
        .map(rows -> new PortableEnvironments(unit, project, projectId, rows));
  }

  /// The keys of those that there are and those that are asked for, in order.
  public SequencedSet<String> keys() {
    var keys = new TreeSet<>(now.keySet());
    keys.addAll(wanted.keySet());
    return keys;
  }

  /// The identity of one; null if it is still to be made.
  public @Nullable EnvironmentId id(String key) {
    var environment = now.get(key);
    return environment == null ? null : environment.id();
  }

  /// One for a file.
  public ObjectNode exported(String key) {
    var environment = now.get(key);
    return environment == null ? Json.object() : PortableBody.of(environment);
  }

  /// Asks for an environment as a file has it.
  public void want(String key, JsonNode body, ImportReport report) {
    var before = now.get(key);
    var read =
        report.read(
            "environments." + key,
            () ->
                EnvironmentBody.read(PortableBody.withKey(key, body), before == null ? null : key));
    if (read != null
        && report.differs(
            "environments/" + key,
            before == null ? null : PortableBody.of(before),
            portable(read, before))) {
      wanted.put(key, read);
    }
  }

  /// Settings are stored without an order, so those that say the same are shown the same.
  private static ObjectNode portable(EnvironmentBody body, @Nullable Environment before) {
    var json = Json.object().put("name", body.named().name()).put("production", body.production());
    json.set(
        "settings",
        before != null && before.settings().equals(body.settings())
            ? before.settings()
            : body.settings());
    return json;
  }

  /// Whether an environment itself is to be written.
  public boolean isWanted(String key) {
    return wanted.containsKey(key);
  }

  /// Refuses an author who may not change an environment, as it is and as it is asked for.
  public void check(String key) {
    var before = now.get(key);
    var body = wanted.get(key);
    if (before == null) {
      Environments.checkManages(unit.author(), project, key, body != null && body.production());
      return;
    }
    check(key, before.production());
    if (body != null) {
      check(key, body.production());
    }
  }

  private void check(String key, boolean production) {
    unit.author().check(Need.CHANGE, PathScope.of(project, key, production));
  }

  /// Makes an environment, at its first revision.
  public Mono<LockedEnvironment> make(String key) {
    return Mono.justOrEmpty(wanted.get(key))
        .flatMap(body -> EnvironmentRows.insert(unit.session(), unit.author(), projectId, body))
        .delayUntil(made ->
            unit.note(
                "environment.create",
                Environments.path(project, made),
                null,
                made.body(),
                List.of(made.locked())))
        .map(Environment::locked)
        .doOnNext(unit::made);
  }

  /// Changes an environment that there is.
  public Mono<Void> replace(String key) {
    return Mono.justOrEmpty(wanted.get(key))
        .flatMap(body ->
            Mono.justOrEmpty(now.get(key))
                .flatMap(before -> Environments.put(unit, project, before, body)))
        .then();
  }
}
