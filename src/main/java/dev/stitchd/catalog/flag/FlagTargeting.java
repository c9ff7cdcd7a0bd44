package dev.stitchd.catalog.flag;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Session;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.Edit;
import dev.stitchd.resource.LockedEnvironment;
import dev.stitchd.resource.LookupRows;
import dev.stitchd.resource.Lookups;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.resource.UnitsOfWork;
import dev.stitchd.resource.Written;
import dev.stitchd.revisionlog.PublishedRuleset;
import dev.stitchd.ruleset.Flag;
import dev.stitchd.ruleset.Targeting;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// What a flag does in one environment. Each publisher emits one value or fails with a
/// [dev.stitchd.kernel.Problem], on an R2DBC event loop.
@Component
public final class FlagTargeting {

  private static final int SALT_BITS = 60;

  /// A committed change of targeting.
  ///
  /// @param moved for each rollout whose weights changed, by rule id or `default`: how many of 100
  ///   000 buckets moved
  public record Changed(Written written, Map<String, Integer> moved) {}

  private final Lookups lookups;
  private final UnitsOfWork units;
  private final RandomGenerator chance;

  FlagTargeting(Lookups lookups, UnitsOfWork units, RandomGenerator chance) {
    this.lookups = lookups;
    this.units = units;
    this.chance = chance;
  }

  /// The targeting in force.
  public Mono<StoredResource> get(
      TenantId tenant, String project, String flag, String environment) {
    return lookups
        .inEnvironment(
            tenant, project, environment, (session, id) -> find(session, tenant, project, flag, id))
        .map(row -> StoredResource.of(flag, row));
  }

  /// Changes the targeting; one revision of one environment.
  public Mono<Changed> update(
      Author author, String project, String flag, String environment, Edit edit) {
    return units.write(author, unit -> update(unit, project, flag, environment, edit));
  }

  /// The same as a part of a unit of work.
  public Mono<Changed> update(
      UnitOfWork unit, String project, String flag, String environment, Edit edit) {
    return unit.nextRevision(project, environment)
        .flatMap(at ->
            FlagRows.find(unit.session(), unit.tenant(), at.projectId(), flag)
                .flatMap(row -> update(unit, project, row, at, edit)));
  }

  private static Mono<TargetingRow> find(
      Session session, TenantId tenant, String project, String flag, EnvironmentId environment) {
    return LookupRows.project(session, tenant, project)
        .flatMap(projectId -> FlagRows.find(session, tenant, projectId, flag))
        .flatMap(row -> TargetingRows.find(session, tenant, row.id(), environment));
  }

  private Mono<Changed> update(
      UnitOfWork unit, String project, FlagRow flag, LockedEnvironment at, Edit edit) {
    return TargetingRows.find(unit.session(), unit.tenant(), flag.id(), at.id())
        .flatMap(before -> {
          var wanted = read(edit.body().apply(before.body()), flag, before);
          return checked(unit, flag, at, wanted.targeting())
              .then(Mono.fromRunnable(() -> check(edit, flag, at, before)))
              .then(update(unit, flag, at, wanted.targeting()))
              .flatMap(after -> published(unit, project, flag, at, before, after, wanted));
        });
  }

  private static void check(Edit edit, FlagRow flag, LockedEnvironment at, TargetingRow before) {
    edit.check("targeting of flag '" + flag.key() + "' in '" + at.key() + "'", before.version());
  }

  private Targeting.Read read(JsonNode body, FlagRow flag, TargetingRow before) {
    var errors = new FieldErrors();
    var wanted = Targeting.read(body, "", flag.shape(), before.targeting(), this::newSalt, errors);
    errors.throwIfAny();
    return wanted;
  }

  /// Reading all items is worth it only if the flag names others; then names and cycles are checked
  /// under the environment's lock.
  private static Mono<Void> checked(
      UnitOfWork unit, FlagRow flag, LockedEnvironment at, Targeting wanted) {
    var namesOthers = Flag.of(flag.key(), flag.shape(), wanted).namesOthers();
    return namesOthers && !flag.archived()
        ? PublishedRuleset.check(
            unit.session(), at.at(unit.tenant()), FlagItems.change(flag, wanted), "")
        : Mono.empty();
  }

  private static Mono<TargetingRow> update(
      UnitOfWork unit, FlagRow flag, LockedEnvironment at, Targeting wanted) {
    return Mono.defer(
        () -> TargetingRows.update(unit.session(), unit.author(), flag.id(), at.id(), wanted));
  }

  private static Mono<Changed> published(
      UnitOfWork unit,
      String project,
      FlagRow flag,
      LockedEnvironment at,
      TargetingRow before,
      TargetingRow after,
      Targeting.Read wanted) {
    var action =
        wanted.reshuffled().isEmpty() ? "flag.targeting.update" : "flag.targeting.reshuffle";
    var path = Flags.path(project, flag.key()) + "/environments/" + at.key();
    return unit.publish(at, List.of(FlagItems.change(flag, after.targeting())))
        .then(Mono.defer(() -> unit.wrote(action, path, before, after, List.of(at))))
        .map(written -> new Changed(written, wanted.moved()));
  }

  /// A salt for a rollout that has none.
  public String newSalt() {
    return Long.toString(chance.nextLong(1L << SALT_BITS), Character.MAX_RADIX);
  }
}
