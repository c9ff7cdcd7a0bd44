package dev.stitchd.catalog.project;

import dev.stitchd.catalog.deletion.Deletion;
import dev.stitchd.catalog.deletion.Deletions;
import dev.stitchd.catalog.flag.FlagItems;
import dev.stitchd.catalog.project.EnvironmentRows.Environment;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.Need;
import dev.stitchd.permission.PathScope;
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
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// Environments: where a project's flags decide, each with its own revision. Each publisher emits
/// one value or fails with a [dev.stitchd.kernel.Problem], on an R2DBC event loop.
@Component
public final class Environments {

  private final Lookups lookups;
  private final UnitsOfWork units;

  Environments(Lookups lookups, UnitsOfWork units) {
    this.lookups = lookups;
    this.units = units;
  }

  /// A project's environments with keys after `after`, in order, one more than `limit`.
  ///
  /// @param seen the keys of those that may be seen; null for all
  public Mono<List<StoredResource>> list(
      TenantId tenant, String project, @Nullable List<String> seen, String after, int limit) {
    return lookups
        .inProject(
            tenant,
            project,
            (session, id) -> EnvironmentRows.page(session, tenant, id, seen, after, limit))
        .map(page -> page.stream().map(Environments::stored).toList());
  }

  /// One environment.
  public Mono<StoredResource> get(TenantId tenant, String project, String key) {
    return find(tenant, project, key).map(Environments::stored);
  }

  /// The identity of an environment, for questions that other stores answer.
  public Mono<EnvironmentId> id(TenantId tenant, String project, String key) {
    return find(tenant, project, key).map(Environment::id);
  }

  /// Creates an environment; the project's flags are published in it, all off, as its first
  /// revision.
  public Mono<Written> create(Author author, String project, JsonNode body) {
    var wanted = EnvironmentBody.read(body, null);
    return units.create(
        author,
        ResourcePath.project(project) + "/environments",
        body,
        (unit, key) ->
            LookupRows.project(unit.session(), unit.tenant(), project)
                .flatMap(id -> EnvironmentRows.find(unit.session(), unit.tenant(), id, key)),
        unit ->
            unit.projectExclusive(project)
                .doOnNext(
                    _ -> checkManages(author, project, wanted.named().key(), wanted.production()))
                .flatMap(projectId -> create(unit, project, projectId, wanted)));
  }

  /// Changes name, kind or settings; not a revision, since no item changes.
  public Mono<Written> update(Author author, String project, String key, Edit edit) {
    return units.write(
        author,
        unit ->
            unit.nextAccessVersion(project, key).flatMap(at -> update(unit, project, at, edit)));
  }

  /// Deletes an environment with its targeting, keys and segments: nobody sees it any more, its
  /// streams end, and its rows are removed in the background.
  public Mono<Deletion> delete(Author author, String project, String key, long expected) {
    return units.write(
        author,
        unit ->
            unit.projectExclusive(project)
                .flatMap(id -> EnvironmentRows.find(unit.session(), unit.tenant(), id, key))
                .flatMap(environment -> delete(unit, project, environment, expected)));
  }

  private static Mono<Written> create(
      UnitOfWork unit, String project, UUID projectId, EnvironmentBody wanted) {
    return EnvironmentRows.insert(unit.session(), unit.author(), projectId, wanted)
        .flatMap(made -> published(unit, project, made));
  }

  /// The audit log names the first revision; the answer does not, since nobody waits for it.
  private static Mono<Written> published(UnitOfWork unit, String project, Environment made) {
    var at = made.locked();
    unit.made(at);
    return FlagItems.startAll(unit, at)
        .flatMap(items -> unit.publish(at, items))
        .then(
            Mono.defer(() ->
                unit.wrote("environment.create", path(project, made), null, made, List.of(at))))
        .map(written -> new Written(written.resource(), written.version(), new TreeMap<>()));
  }

  private static Mono<Written> update(
      UnitOfWork unit, String project, LockedEnvironment at, Edit edit) {
    return EnvironmentRows.find(unit.session(), unit.tenant(), at.projectId(), at.key())
        .flatMap(before -> {
          var wanted = EnvironmentBody.read(edit.body().apply(before.body()), before.key());
          unit.author()
              .check(Need.CHANGE, PathScope.of(project, before.key(), wanted.production()));
          edit.check("environment '" + before.key() + "'", before.version());
          return put(unit, project, before, wanted);
        });
  }

  static Mono<Written> put(
      UnitOfWork unit, String project, Environment before, EnvironmentBody wanted) {
    return EnvironmentRows.replace(unit.session(), unit.tenant(), before.id(), wanted)
        .flatMap(after ->
            unit.wrote("environment.update", path(project, after), before, after, List.of()));
  }

  private static Mono<Deletion> delete(
      UnitOfWork unit, String project, Environment environment, long expected) {
    checkManages(unit.author(), project, environment.key(), environment.production());
    Edit.deletion(expected).check("environment '" + environment.key() + "'", environment.version());
    return Deletions.ofEnvironment(unit, project, environment.key(), environment.id())
        .delayUntil(_ ->
            unit.deleted("environment.delete", path(project, environment), environment, List.of()));
  }

  static void checkManages(Author author, String project, String environment, boolean production) {
    author.check(Need.MANAGE_ENVIRONMENT, PathScope.of(project, environment, production));
  }

  private Mono<Environment> find(TenantId tenant, String project, String key) {
    return lookups.inProject(
        tenant, project, (session, id) -> EnvironmentRows.find(session, tenant, id, key));
  }

  static String path(String project, Environment environment) {
    return ResourcePath.environment(project, environment.key());
  }

  private static StoredResource stored(Environment environment) {
    return StoredResource.of(environment.key(), environment);
  }
}
