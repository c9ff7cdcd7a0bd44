package dev.stitchd.catalog.flag;

import dev.stitchd.kernel.FieldError;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.Need;
import dev.stitchd.permission.PathScope;
import dev.stitchd.permission.Role;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.Edit;
import dev.stitchd.resource.LockedEnvironment;
import dev.stitchd.resource.LookupRows;
import dev.stitchd.resource.Lookups;
import dev.stitchd.resource.ResourcePath;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.resource.UnitsOfWork;
import dev.stitchd.resource.Written;
import dev.stitchd.revisionlog.ItemChange;
import dev.stitchd.revisionlog.PublishedRuleset;
import dev.stitchd.ruleset.ItemName;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// Flags: key, type, variants and what people say about them. A change makes a revision in every
/// environment of the project, in one transaction. Each publisher emits one value or fails with a
/// [Problem], on an R2DBC event loop.
@Component
public final class Flags {

  /// Most flags in a project, and so in an environment.
  static final int MAX_FLAGS = 5_000;

  private final Lookups lookups;
  private final UnitsOfWork units;

  Flags(Lookups lookups, UnitsOfWork units) {
    this.lookups = lookups;
    this.units = units;
  }

  /// A project's flags with keys after `after`, in order, one more than `limit`.
  public Mono<List<StoredResource>> list(
      TenantId tenant, String project, FlagFilter filter, String after, int limit) {
    return lookups
        .inProject(
            tenant,
            project,
            (session, id) -> FlagRows.page(session, tenant, id, filter, after, limit))
        .map(rows -> rows.stream().map(FlagRow::stored).toList());
  }

  /// One flag.
  public Mono<StoredResource> get(TenantId tenant, String project, String key) {
    return lookups
        .inProject(tenant, project, (session, id) -> FlagRows.find(session, tenant, id, key))
        .map(FlagRow::stored);
  }

  /// When flags of an environment were deleted, by key; what was received before that says nothing
  /// of a flag that has the key now. Of very many, the latest.
  ///
  /// @param key one flag only; null for all
  public Mono<Map<String, Instant>> deleted(
      TenantId tenant, String project, String environment, @Nullable String key) {
    return lookups.inEnvironment(
        tenant,
        project,
        environment,
        (session, id) -> DeletedFlagRows.marks(session, tenant, id, key));
  }

  /// Creates a flag, off in every environment.
  public Mono<Written> create(Author author, String project, JsonNode body) {
    var wanted = newFlag(body);
    return units.create(
        author,
        ResourcePath.project(project) + "/flags",
        body,
        (unit, key) ->
            LookupRows.project(unit.session(), unit.tenant(), project)
                .flatMap(id -> FlagRows.find(unit.session(), unit.tenant(), id, key)),
        unit -> create(unit, project, wanted));
  }

  /// The same as a part of a unit of work.
  public static Mono<Written> create(UnitOfWork unit, String project, JsonNode body) {
    return Mono.defer(() -> create(unit, project, newFlag(body)));
  }

  /// Changes a flag; refused if a variant that goes is still given somewhere, or if it is archived
  /// while others need it.
  public Mono<Written> update(Author author, String project, String key, Edit edit) {
    return units.write(author, unit -> update(unit, project, key, edit));
  }

  /// The same as a part of a unit of work.
  public static Mono<Written> update(UnitOfWork unit, String project, String key, Edit edit) {
    return edit(unit, project, key, (id, at) -> update(unit, project, id, key, at, edit));
  }

  /// Deletes a flag in every environment, unless others need it.
  public Mono<Written> delete(Author author, String project, String key, long expected) {
    return units.write(author, unit -> delete(unit, project, key, expected));
  }

  /// The same as a part of a unit of work.
  public static Mono<Written> delete(UnitOfWork unit, String project, String key, long expected) {
    return edit(
        unit,
        project,
        key,
        (id, at) -> find(unit, id, key).flatMap(flag -> delete(unit, project, flag, at, expected)));
  }

  /// Works on a flag with its project for ourselves and all environments at their next revision.
  private static Mono<Written> edit(
      UnitOfWork unit,
      String project,
      String key,
      BiFunction<UUID, List<LockedEnvironment>, Mono<Written>> work) {
    return unit.projectExclusive(project)
        .flatMap(id ->
            unit.nextRevisions(id)
                .delayUntil(_ -> checkEdits(unit, project, id, key))
                .flatMap(at -> work.apply(id, at)));
  }

  /// Which environments serve the flag matters only to who may not change all of them anyway.
  static Mono<Void> checkEdits(UnitOfWork unit, String project, UUID id, String key) {
    var scope = PathScope.of(project, Set.of());
    return unit.author().grants().may(Role.PUBLISHER, project, null)
        ? Mono.empty()
        : ServedFlags.in(unit.session(), unit.tenant(), id, key)
            .doOnNext(served -> unit.author().check(Need.EDIT_FLAG, scope.servedIn(served)))
            .then();
  }

  static String path(String project, String flag) {
    return ResourcePath.project(project) + "/flags/" + flag;
  }

  private static FlagBody newFlag(JsonNode body) {
    var wanted = FlagBody.read(body, null);
    if (wanted.archived()) {
      throw new Problem.Invalid(
          List.of(new FieldError("archived", "a new flag cannot be archived")));
    }
    return wanted;
  }

  private static Mono<Written> create(UnitOfWork unit, String project, FlagBody wanted) {
    return unit.projectExclusive(project)
        .doOnNext(_ -> unit.author().check(Need.EDIT_PROJECT, PathScope.of(project, Set.of())))
        .flatMap(projectId -> create(unit, project, projectId, wanted));
  }

  private static Mono<Written> create(
      UnitOfWork unit, String project, UUID projectId, FlagBody wanted) {
    return FlagRows.count(unit.session(), unit.tenant(), projectId)
        .filter(count -> count < MAX_FLAGS)
        .switchIfEmpty(Mono.error(Flags::tooMany))
        .then(Mono.defer(() -> unit.nextRevisions(projectId)))
        .flatMap(at ->
            FlagRows.insert(unit.session(), unit.author(), projectId, wanted)
                .then(find(unit, projectId, wanted.named().key()))
                .delayUntil(made -> start(unit, made, at))
                .flatMap(
                    made -> unit.wrote("flag.create", path(project, made.key()), null, made, at)));
  }

  private static Mono<Void> start(UnitOfWork unit, FlagRow made, List<LockedEnvironment> at) {
    return Flux.fromIterable(at)
        .concatMap(environment ->
            FlagItems.start(unit, made, environment)
                .flatMap(change -> unit.publish(environment, List.of(change))))
        .then();
  }

  private static Mono<Written> update(
      UnitOfWork unit,
      String project,
      UUID projectId,
      String key,
      List<LockedEnvironment> at,
      Edit edit) {
    return find(unit, projectId, key)
        .flatMap(before -> {
          var wanted = FlagBody.read(edit.body().apply(before.body()), before);
          edit.check("flag '" + key + "'", before.version());
          return FlagRows.update(unit.session(), unit.author(), before, wanted)
              .then(find(unit, projectId, key))
              .delayUntil(after -> republish(unit, at, before, after))
              .flatMap(after -> unit.wrote("flag.update", path(project, key), before, after, at));
        });
  }

  private static Mono<Void> republish(
      UnitOfWork unit, List<LockedEnvironment> at, FlagRow before, FlagRow after) {
    return Flux.fromIterable(at)
        .concatMap(environment ->
            FlagItems.current(unit, after, environment)
                .delayUntil(change -> checked(unit, environment, before, after, change))
                .flatMap(change -> unit.publish(environment, List.of(change))))
        .then();
  }

  /// Reading all items is worth it only if this change can break a reference.
  private static Mono<Void> checked(
      UnitOfWork unit, LockedEnvironment at, FlagRow before, FlagRow after, ItemChange change) {
    if (after.archived() && !before.archived()) {
      return checkUnused(unit, at, after);
    }
    var sameReferences =
        before.archived() == after.archived()
            && after.shape().variants().keySet().containsAll(before.shape().variants().keySet());
    return sameReferences || after.archived()
        ? Mono.empty()
        : PublishedRuleset.check(
            unit.session(), at.at(unit.tenant()), change, "environments." + at.key());
  }

  private static Mono<Written> delete(
      UnitOfWork unit, String project, FlagRow flag, List<LockedEnvironment> at, long expected) {
    Edit.deletion(expected).check("flag '" + flag.key() + "'", flag.version());
    return Flux.fromIterable(at)
        .concatMap(environment ->
            checkUnused(unit, environment, flag)
                .then(unit.publish(environment, List.of(ItemChange.flag(flag.key(), null, null))))
                .then(
                    Mono.defer(() ->
                        DeletedFlagRows.mark(
                            unit.session(), unit.tenant(), environment.id(), flag.key()))))
        .then(Mono.defer(() -> FlagRows.delete(unit.session(), unit.tenant(), flag.id())))
        .then(Mono.defer(() -> unit.deleted("flag.delete", path(project, flag.key()), flag, at)));
  }

  private static Mono<Void> checkUnused(UnitOfWork unit, LockedEnvironment at, FlagRow flag) {
    return PublishedRuleset.checkUnused(
        unit.session(), at.at(unit.tenant()), at.key(), ItemName.flag(flag.key()));
  }

  private static Mono<FlagRow> find(UnitOfWork unit, UUID projectId, String key) {
    return Mono.defer(() -> FlagRows.find(unit.session(), unit.tenant(), projectId, key));
  }

  static Problem tooMany() {
    return new Problem.Conflict(
        "too-many-flags",
        "a project holds at most " + MAX_FLAGS + " flags; archive does not help, delete some");
  }
}
