package dev.stitchd.catalog.transfer;

import dev.stitchd.catalog.event.PortableDefinitions;
import dev.stitchd.catalog.flag.PortableFlags;
import dev.stitchd.catalog.project.PortableEnvironments;
import dev.stitchd.catalog.segment.PortableSegments;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.resource.LockedEnvironment;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.revisionlog.EnvironmentRevision;
import dev.stitchd.revisionlog.ItemChange;
import dev.stitchd.revisionlog.PublishedRuleset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// All of a project that a file can have. Of one unit of work, which holds the project for itself.
///
/// @param project its key
record ProjectParts(
    UnitOfWork unit,
    String project,
    PortableEnvironments environments,
    PortableFlags flags,
    Map<String, PortableSegments> segments,
    Map<String, PortableDefinitions> definitions) {

  /// What the format is called, and its version.
  static final String FORMAT = "stitchd";

  static final int VERSION = 1;

  /// Takes the project for itself and reads what it has.
  static Mono<ProjectParts> of(UnitOfWork unit, String project, Supplier<String> newSalt) {
    return unit.projectExclusive(project)
        .flatMap(id ->
            PortableEnvironments.of(unit, project, id)
                .zipWhen(
                    _ -> PortableFlags.of(unit, project, id, newSalt),
                    (environments, flags) ->
                        new ProjectParts(
                            unit,
                            project,
                            environments,
                            flags,
                            new LinkedHashMap<>(),
                            new LinkedHashMap<>())))
        .delayUntil(parts -> parts.enter(List.copyOf(parts.environments.keys())));
  }

  /// Reads what environments have.
  Mono<Void> enter(List<String> keys) {
    return Flux.fromIterable(keys)
        .filter(key -> !segments.containsKey(key))
        .concatMap(key -> enter(key, environments.id(key)))
        .then();
  }

  private Mono<Void> enter(String key, @Nullable EnvironmentId id) {
    return flags
        .enter(key, id)
        .then(Mono.defer(() -> PortableSegments.of(unit, project, key, id)))
        .doOnNext(found -> segments.put(key, found))
        .then(Mono.defer(() -> PortableDefinitions.of(unit, key, id)))
        .doOnNext(found -> definitions.put(key, found))
        .then();
  }

  PortableSegments segmentsOf(String environment) {
    return Objects.requireNonNull(segments.get(environment), environment);
  }

  PortableDefinitions definitionsOf(String environment) {
    return Objects.requireNonNull(definitions.get(environment), environment);
  }

  /// The file.
  ObjectNode exported() {
    var file = Json.object().put(FORMAT, VERSION);
    file.set("flags", flags.exported());
    var all = file.putObject("environments");
    for (var key : environments.keys()) {
      var environment = environments.exported(key);
      environment.set("flags", flags.exported(key));
      environment.set("segments", segmentsOf(key).exported());
      environment.set("eventDefinitions", definitionsOf(key).exported());
      all.set(key, environment);
    }
    return file;
  }

  /// Notes what would be published and does not fit together.
  Mono<Void> check(FieldErrors errors) {
    return Flux.fromIterable(environments.keys())
        .concatMap(key -> check(key, environments.id(key), errors))
        .then();
  }

  private Mono<Void> check(String key, @Nullable EnvironmentId id, FieldErrors errors) {
    var changes = changes(key);
    if (changes.isEmpty()) {
      return Mono.empty();
    }
    return id == null
        ? Mono.fromRunnable(() -> PublishedRuleset.checkFirst(changes, errors))
        : PublishedRuleset.check(
            unit.session(), new EnvironmentRevision(unit.tenant(), id, 0, 0), changes, errors);
  }

  /// Refuses an author who may not change all that would be.
  Mono<Void> checkAuthor() {
    environments.keys().stream().filter(this::touches).forEach(environments::check);
    return flags.check();
  }

  private boolean touches(String key) {
    return environments.isWanted(key)
        || flags.touches(key)
        || !segmentsOf(key).isEmpty()
        || !definitionsOf(key).isEmpty()
        || !changes(key).isEmpty();
  }

  private Map<ItemChange, String> changes(String key) {
    var changes = new LinkedHashMap<ItemChange, String>();
    changes.putAll(segmentsOf(key).changes());
    changes.putAll(flags.changes(key));
    return changes;
  }

  /// Where an environment is written.
  ///
  /// @param published null if it publishes nothing
  private record Place(
      String key,
      EnvironmentId id,
      @Nullable LockedEnvironment published,
      List<ItemChange> changes) {

    List<LockedEnvironment> at() {
      return published == null ? List.of() : List.of(published);
    }
  }

  /// Writes all that is asked for. Emits the environments that were published to.
  Mono<List<LockedEnvironment>> write() {
    return Flux.fromIterable(List.copyOf(environments.keys()))
        .concatMap(this::place)
        .collectList()
        .delayUntil(places -> flags.write(published(places)))
        .delayUntil(places -> Flux.fromIterable(places).concatMap(this::write).then())
        .map(ProjectParts::published);
  }

  private static List<LockedEnvironment> published(List<Place> places) {
    var published = new ArrayList<LockedEnvironment>();
    places.forEach(place -> published.addAll(place.at()));
    return published;
  }

  /// What changes is taken before anything is written, and what else there is of the environment.
  private Mono<Place> place(String key) {
    var changes = List.copyOf(changes(key).keySet());
    var id = environments.id(key);
    if (id == null) {
      return environments.make(key).map(made -> new Place(key, made.id(), made, changes));
    }
    return changes.isEmpty()
        ? Mono.just(new Place(key, id, null, changes))
        : unit.nextRevision(project, key).map(at -> new Place(key, id, at, changes));
  }

  private Mono<Void> write(Place place) {
    return settings(place)
        .then(Mono.defer(() -> segmentsOf(place.key()).write(place.id(), place.at())))
        .then(Mono.defer(() -> flags.write(place.key(), place.id(), place.at())))
        .then(Mono.justOrEmpty(place.published()).flatMap(at -> unit.publish(at, place.changes())));
  }

  /// What nodes learn of by the access version: settings, and the events that may be tracked.
  private Mono<Void> settings(Place place) {
    var events = definitionsOf(place.key());
    var replaces = environments.isWanted(place.key()) && environments.id(place.key()) != null;
    if (!replaces && events.isEmpty()) {
      return Mono.empty();
    }
    return unit.nextAccessVersion(project, place.key())
        .delayUntil(_ -> replaces ? environments.replace(place.key()) : Mono.empty())
        .flatMap(at -> events.write(project, at));
  }
}
