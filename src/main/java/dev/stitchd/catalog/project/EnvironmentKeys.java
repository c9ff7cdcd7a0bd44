package dev.stitchd.catalog.project;

import dev.stitchd.catalog.project.EnvironmentKeyRows.Key;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.LockedEnvironment;
import dev.stitchd.resource.Lookups;
import dev.stitchd.resource.ResourcePath;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.resource.UnitsOfWork;
import dev.stitchd.resource.Written;
import java.util.List;
import java.util.UUID;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// SDK keys of an environment. Only hashes come here; whoever makes a key shows it once and forgets
/// it. Each publisher emits one value or fails with a [Problem], on an R2DBC event loop.
@Component
public final class EnvironmentKeys {

  private final Lookups lookups;
  private final UnitsOfWork units;

  EnvironmentKeys(Lookups lookups, UnitsOfWork units) {
    this.lookups = lookups;
    this.units = units;
  }

  /// An environment's keys, revoked ones too, by id after `after`, one more than `limit`; never the
  /// keys themselves.
  public Mono<List<StoredResource>> list(
      TenantId tenant, String project, String environment, String after, int limit) {
    return lookups
        .inEnvironment(
            tenant,
            project,
            environment,
            (session, id) -> EnvironmentKeyRows.page(session, tenant, id.value(), after, limit))
        .map(page -> page.stream().map(EnvironmentKeys::stored).toList());
  }

  /// One key, revoked or not; never the key itself.
  public Mono<StoredResource> get(TenantId tenant, String project, String environment, UUID id) {
    return lookups
        .inEnvironment(
            tenant,
            project,
            environment,
            (session, within) -> EnvironmentKeyRows.find(session, tenant, within.value(), id))
        .switchIfEmpty(Mono.error(EnvironmentKeys::noSuchKey))
        .map(EnvironmentKeys::stored);
  }

  /// Keeps a new key.
  ///
  /// @param kind `server` or `client`
  /// @param hash SHA-256 of the key
  public Mono<Written> create(
      Author author, String project, String environment, String name, String kind, byte[] hash) {
    return units.write(
        author,
        unit ->
            unit.nextAccessVersion(project, environment)
                .flatMap(at ->
                    EnvironmentKeyRows.insert(unit.session(), author, at.id(), name, kind, hash)
                        .flatMap(made ->
                            unit.wrote(
                                "sdk-key.create",
                                path(project, at, made),
                                null,
                                made,
                                List.of()))));
  }

  /// Revokes a key; its streams end on every node. Revoking a revoked key changes nothing.
  ///
  /// @param force whether the environment's last active key may go too
  public Mono<Void> revoke(
      Author author, String project, String environment, UUID id, boolean force) {
    return units
        .write(
            author,
            unit ->
                unit.nextAccessVersion(project, environment)
                    .flatMap(at ->
                        EnvironmentKeyRows.holdAll(unit.session(), unit.tenant(), at.id())
                            .flatMap(keys -> revoke(unit, project, at, keys, id, force))))
        .then();
  }

  private static Mono<Written> revoke(
      UnitOfWork unit,
      String project,
      LockedEnvironment at,
      List<Key> keys,
      UUID id,
      boolean force) {
    var key = keys.stream().filter(k -> k.id().equals(id)).findFirst();
    if (key.isEmpty()) {
      return Mono.error(noSuchKey());
    }
    if (!key.get().isActive()) {
      unit.leavesNoNote(UnitOfWork.Unaudited.NOTHING_CHANGED);
      return Mono.empty();
    }
    var othersActive = keys.stream().anyMatch(k -> k.isActive() && !k.id().equals(id));
    if (!othersActive && !force) {
      return Mono.error(
          new Problem.Conflict(
              "last-key",
              "this is the environment's last active key; create another first, or repeat with ?force=true"));
    }
    return EnvironmentKeyRows.revoke(unit.session(), unit.tenant(), id)
        .flatMap(after ->
            unit.wrote("sdk-key.revoke", path(project, at, after), key.get(), after, List.of()));
  }

  private static Problem noSuchKey() {
    return new Problem.NotFound("there is no such key in this environment");
  }

  private static String path(String project, LockedEnvironment at, Key key) {
    return ResourcePath.environment(project, at.key()) + "/sdk-keys/" + key.id();
  }

  private static StoredResource stored(Key key) {
    return StoredResource.of(key.id().toString(), key);
  }
}
