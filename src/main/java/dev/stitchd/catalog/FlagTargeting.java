package dev.stitchd.catalog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.revisionlog.PublishedRuleset;
import dev.stitchd.ruleset.Flag;
import dev.stitchd.ruleset.Targeting;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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

  private final Transactions transactions;
  private final RandomGenerator chance;

  FlagTargeting(Transactions transactions, RandomGenerator chance) {
    this.transactions = transactions;
    this.chance = chance;
  }

  /// The targeting in force.
  public Mono<Stored> get(TenantId tenant, String project, String flag, String environment) {
    return transactions.inTenant(
        tenant,
        session ->
            Lookup.environment(session, tenant, project, environment)
                .flatMap(environmentId ->
                    Lookup.project(session, tenant, project)
                        .flatMap(projectId -> FlagRow.find(session, tenant, projectId, flag))
                        .flatMap(row ->
                            TargetingRow.find(
                                session, tenant, row.id(), new EnvironmentId(environmentId))))
                .map(row -> new Stored(flag, row.body(), row.version())));
  }

  /// Changes the targeting; one revision of one environment.
  public Mono<Changed> update(
      Author author, String project, String flag, String environment, Edit edit) {
    return transactions.inTenant(
        author.tenant(),
        session ->
            Locks.projectShared(session, author.tenant(), project)
                .flatMap(projectId ->
                    Locks.environment(session, author.tenant(), projectId, environment))
                .flatMap(at ->
                    FlagRow.find(session, author.tenant(), at.projectId(), flag)
                        .flatMap(row -> update(session, author, project, row, at, edit))));
  }

  private Mono<Changed> update(
      Session session, Author author, String project, FlagRow flag, Locks.Locked at, Edit edit) {
    return TargetingRow.find(session, author.tenant(), flag.id(), at.id())
        .flatMap(before -> {
          edit.check(
              "targeting of flag '" + flag.key() + "' in '" + at.key() + "'", before.version());
          var wanted = read(edit.body().apply(before.body()), flag, before);
          return checked(session, author, flag, at, wanted.targeting())
              .then(TargetingRow.update(session, author, flag.id(), at.id(), wanted.targeting()))
              .flatMap(
                  after -> published(session, author, project, flag, at, before, after, wanted));
        });
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
      Session session, Author author, FlagRow flag, Locks.Locked at, Targeting wanted) {
    var namesOthers = Flag.of(flag.key(), flag.shape(), wanted).namesOthers();
    return namesOthers && !flag.archived()
        ? PublishedRuleset.check(
            session, at.at(author.tenant()), FlagItems.change(flag, wanted), "")
        : Mono.empty();
  }

  private static Mono<Changed> published(
      Session session,
      Author author,
      String project,
      FlagRow flag,
      Locks.Locked at,
      TargetingRow before,
      TargetingRow after,
      Targeting.Read wanted) {
    var revisions = new TreeMap<>(Map.of(at.key(), at.revision()));
    var action = wanted.reshuffled().isEmpty() ? "update" : "reshuffle";
    return Publication.publish(
            session, author, at, List.of(FlagItems.change(flag, after.targeting())))
        .then(
            Audit.note(
                session,
                author,
                action,
                path(project, flag.key(), at.key()),
                revisions,
                before.body(),
                after.body()))
        .thenReturn(
            new Changed(new Written(after.body(), after.version(), revisions), wanted.moved()));
  }

  private static String path(String project, String flag, String environment) {
    return Flags.path(project, flag) + "/environments/" + environment;
  }

  private String newSalt() {
    return Long.toString(chance.nextLong(1L << SALT_BITS), Character.MAX_RADIX);
  }
}
