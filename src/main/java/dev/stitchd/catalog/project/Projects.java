package dev.stitchd.catalog.project;

import dev.stitchd.catalog.deletion.Deletion;
import dev.stitchd.catalog.deletion.Deletions;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.Need;
import dev.stitchd.permission.PathScope;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.Edit;
import dev.stitchd.resource.KeyAndName;
import dev.stitchd.resource.NamedResource;
import dev.stitchd.resource.ResourcePath;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.resource.UnitsOfWork;
import dev.stitchd.resource.Written;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// Projects: what flags belong to. Each publisher emits one value or fails with a
/// [dev.stitchd.kernel.Problem], on an R2DBC event loop.
@Component
public final class Projects {

  private final Transactions transactions;
  private final UnitsOfWork units;

  Projects(Transactions transactions, UnitsOfWork units) {
    this.transactions = transactions;
    this.units = units;
  }

  /// Projects with keys after `after`, in order, one more than `limit`.
  ///
  /// @param seen the keys of those that may be seen; null for all
  public Mono<List<StoredResource>> list(
      TenantId tenant, @Nullable List<String> seen, String after, int limit) {
    return transactions
        .inTenant(tenant, session -> ProjectRows.page(session, tenant, seen, after, limit))
        .map(page -> page.stream().map(NamedResource::stored).toList());
  }

  /// One project.
  public Mono<StoredResource> get(TenantId tenant, String key) {
    return transactions
        .inTenant(tenant, session -> ProjectRows.find(session, tenant, key))
        .map(NamedResource::stored);
  }

  /// Creates a project from `{"key", "name"}`.
  public Mono<Written> create(Author author, JsonNode body) {
    var wanted = KeyAndName.read(body, null);
    return units.create(
        author,
        "/projects",
        body,
        (unit, key) -> ProjectRows.find(unit.session(), unit.tenant(), key),
        unit -> create(unit, wanted));
  }

  /// Changes a project's name.
  public Mono<Written> update(Author author, String key, Edit edit) {
    return units.write(
        author, unit -> locked(unit, key).flatMap(before -> update(unit, before, edit)));
  }

  /// Deletes a project with everything in it: nobody sees it any more, streams of its environments
  /// end, and its rows are removed in the background.
  public Mono<Deletion> delete(Author author, String key, long expected) {
    return units.write(
        author, unit -> locked(unit, key).flatMap(project -> delete(unit, project, expected)));
  }

  private static Mono<NamedResource> locked(UnitOfWork unit, String key) {
    return unit.projectExclusive(key)
        .then(Mono.defer(() -> ProjectRows.find(unit.session(), unit.tenant(), key)));
  }

  private static Mono<Written> create(UnitOfWork unit, KeyAndName wanted) {
    return ProjectRows.insert(unit.session(), unit.author(), wanted)
        .flatMap(made ->
            unit.wrote("project.create", ResourcePath.project(made.key()), null, made, List.of()));
  }

  private static Mono<Written> update(UnitOfWork unit, NamedResource before, Edit edit) {
    var wanted = KeyAndName.edited("project", before, edit);
    return ProjectRows.rename(unit.session(), unit.tenant(), before.meta().id(), wanted.name())
        .flatMap(after ->
            unit.wrote(
                "project.update", ResourcePath.project(after.key()), before, after, List.of()));
  }

  private static Mono<Deletion> delete(UnitOfWork unit, NamedResource project, long expected) {
    Edit.deletion(expected).check("project '" + project.key() + "'", project.version());
    var id = project.meta().id();
    return ProjectRows.lockEnvironments(unit.session(), unit.tenant(), id)
        .delayUntil(_ ->
            ProjectRows.productions(unit.session(), unit.tenant(), id)
                .doOnNext(productions ->
                    unit.author()
                        .check(Need.REMOVE_PROJECT, PathScope.of(project.key(), productions))))
        .flatMap(environments -> Deletions.ofProject(unit, project.key(), id, environments))
        .delayUntil(_ ->
            unit.deleted(
                "project.delete", ResourcePath.project(project.key()), project, List.of()));
  }
}
