package dev.stitchd.catalog.event;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.Edit;
import dev.stitchd.resource.KeyAndName;
import dev.stitchd.resource.LockedEnvironment;
import dev.stitchd.resource.LookupRows;
import dev.stitchd.resource.Lookups;
import dev.stitchd.resource.ResourcePath;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.resource.UnitsOfWork;
import dev.stitchd.resource.Written;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// The events that an environment lets its SDKs track. A change is no revision, since no published
/// item changes; it raises the access version, by which every node learns of it. Each publisher
/// emits one value or fails with a [Problem], on an R2DBC event loop.
@Component
public final class EventDefinitions {

  /// Most event definitions in an environment.
  public static final int MAX_DEFINITIONS = 1_000;

  private static final String REGISTRAR = "auto-registration";

  private final Lookups lookups;
  private final UnitsOfWork units;

  EventDefinitions(Lookups lookups, UnitsOfWork units) {
    this.lookups = lookups;
    this.units = units;
  }

  /// An environment's definitions with keys after `after`, in order, one more than `limit`.
  public Mono<List<StoredResource>> list(
      TenantId tenant, String project, String environment, String after, int limit) {
    return lookups
        .inEnvironment(
            tenant,
            project,
            environment,
            (session, id) -> EventDefinitionRows.page(session, tenant, id.value(), after, limit))
        .map(rows -> rows.stream().map(EventDefinitionRow::stored).toList());
  }

  /// One definition.
  public Mono<StoredResource> get(TenantId tenant, String project, String environment, String key) {
    return lookups
        .inEnvironment(
            tenant,
            project,
            environment,
            (session, id) -> EventDefinitionRows.find(session, tenant, id.value(), key))
        .map(EventDefinitionRow::stored);
  }

  /// Creates a definition.
  public Mono<Written> create(Author author, String project, String environment, JsonNode body) {
    var wanted = EventDefinitionBody.read(body, null);
    return units.create(
        author,
        ResourcePath.environment(project, environment) + "/event-definitions",
        body,
        (unit, key) ->
            LookupRows.environment(unit.session(), unit.tenant(), project, environment)
                .flatMap(id -> EventDefinitionRows.find(unit.session(), unit.tenant(), id, key)),
        unit ->
            unit.nextAccessVersion(project, environment)
                .flatMap(at -> create(unit, project, at, wanted)));
  }

  /// Changes a definition.
  public Mono<Written> update(
      Author author, String project, String environment, String key, Edit edit) {
    return units.write(
        author,
        unit ->
            unit.nextAccessVersion(project, environment)
                .flatMap(at ->
                    find(unit, at, key).flatMap(row -> update(unit, project, at, row, edit))));
  }

  /// Deletes a definition; what was tracked stays in the event store.
  public Mono<Void> delete(
      Author author, String project, String environment, String key, long expected) {
    return units
        .write(
            author,
            unit ->
                unit.nextAccessVersion(project, environment)
                    .flatMap(at ->
                        find(unit, at, key)
                            .flatMap(row -> delete(unit, project, at, row, expected))))
        .then();
  }

  /// Defines events that were seen and are not defined, as far as there is room, each with an
  /// optional value and any properties. Emits how many that were.
  public Mono<Integer> register(
      TenantId tenant, EnvironmentId environment, Collection<String> keys) {
    var seen = List.copyOf(keys);
    return units.write(
        Author.system(tenant, REGISTRAR),
        unit ->
            EventDefinitionRows.undefined(unit.session(), tenant, environment.value(), seen)
                .filter(missing -> !missing.isEmpty())
                .flatMap(missing -> register(unit, environment, missing))
                .defaultIfEmpty(0)
                .doOnNext(defined -> noteless(unit, defined)));
  }

  private static void noteless(UnitOfWork unit, int defined) {
    if (defined == 0) {
      unit.leavesNoNote(UnitOfWork.Unaudited.NOTHING_CHANGED);
    }
  }

  private static Mono<Integer> register(
      UnitOfWork unit, EnvironmentId environment, List<String> keys) {
    return LookupRows.names(unit.session(), unit.tenant(), environment)
        .flatMap(names ->
            unit.nextAccessVersion(names.project(), names.environment())
                .flatMap(at -> register(unit, names.project(), at, keys)));
  }

  /// Another node may have been faster, so what is missing is looked up again under the lock.
  private static Mono<Integer> register(
      UnitOfWork unit, String project, LockedEnvironment at, List<String> keys) {
    var environment = at.id().value();
    return EventDefinitionRows.count(unit.session(), unit.tenant(), environment)
        .flatMap(count ->
            EventDefinitionRows.undefined(unit.session(), unit.tenant(), environment, keys)
                .flatMapIterable(missing -> missing)
                .take(Math.max(0, MAX_DEFINITIONS - count))
                .concatMap(key -> insert(unit, project, at, seen(key)))
                .count())
        .map(Long::intValue);
  }

  private static EventDefinitionBody seen(String key) {
    return new EventDefinitionBody(new KeyAndName(key, key), null, EventValue.OPTIONAL, null, null);
  }

  private static Mono<Written> create(
      UnitOfWork unit, String project, LockedEnvironment at, EventDefinitionBody wanted) {
    return EventDefinitionRows.count(unit.session(), unit.tenant(), at.id().value())
        .filter(count -> count < MAX_DEFINITIONS)
        .switchIfEmpty(Mono.error(EventDefinitions::tooMany))
        .then(Mono.defer(() -> insert(unit, project, at, wanted)));
  }

  private static Mono<Written> insert(
      UnitOfWork unit, String project, LockedEnvironment at, EventDefinitionBody wanted) {
    return EventDefinitionRows.insert(unit.session(), unit.author(), at.id().value(), wanted)
        .flatMap(made ->
            unit.wrote("event-definition.create", path(project, at, made), null, made, List.of()));
  }

  private static Mono<Written> update(
      UnitOfWork unit, String project, LockedEnvironment at, EventDefinitionRow before, Edit edit) {
    var wanted = EventDefinitionBody.read(edit.body().apply(before.body()), before.key());
    edit.check("event '" + before.key() + "'", before.version());
    return put(unit, project, at, before, wanted);
  }

  /// Makes a definition, or changes the one that there is.
  static Mono<Written> put(
      UnitOfWork unit,
      String project,
      LockedEnvironment at,
      @Nullable EventDefinitionRow before,
      EventDefinitionBody wanted) {
    return before == null
        ? insert(unit, project, at, wanted)
        : EventDefinitionRows.replace(unit.session(), unit.tenant(), before.meta().id(), wanted)
            .flatMap(after ->
                unit.wrote(
                    "event-definition.update", path(project, at, after), before, after, List.of()));
  }

  private static Mono<Written> delete(
      UnitOfWork unit,
      String project,
      LockedEnvironment at,
      EventDefinitionRow row,
      long expected) {
    Edit.deletion(expected).check("event '" + row.key() + "'", row.version());
    return EventDefinitionRows.delete(unit.session(), unit.tenant(), row.meta().id())
        .then(
            Mono.defer(() ->
                unit.deleted("event-definition.delete", path(project, at, row), row, List.of())));
  }

  private static Mono<EventDefinitionRow> find(UnitOfWork unit, LockedEnvironment at, String key) {
    return EventDefinitionRows.find(unit.session(), unit.tenant(), at.id().value(), key);
  }

  private static String path(String project, LockedEnvironment at, EventDefinitionRow row) {
    return ResourcePath.environment(project, at.key())
        + "/event-definitions/"
        + ResourcePath.part(row.key());
  }

  static Problem tooMany() {
    return new Problem.Conflict(
        "too-many-event-definitions",
        "an environment holds at most " + MAX_DEFINITIONS + " event definitions");
  }
}
