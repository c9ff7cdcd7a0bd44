package dev.stitchd.resource;

import dev.stitchd.audit.AuditNote;
import dev.stitchd.audit.AuditRows;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.Need;
import dev.stitchd.permission.PathScope;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.revisionlog.Announcement;
import dev.stitchd.revisionlog.ItemChange;
import dev.stitchd.revisionlog.RevisionLog;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// What an author does in one transaction: takes locks, writes resources, publishes to SDKs, and
/// leaves a row of audit for each write. It may write any number of resources:
///
/// - an environment gets at most one new revision and one new access version, however often it is
///   asked for;
/// - every environment that got one is announced once, at the end;
/// - the order of locks is the project, then environments by id, and only then is anything read and
///   validated. Whoever writes several resources takes the widest lock first.
///
/// Statements run one after another; a unit belongs to one subscription and is not shared.
public final class UnitOfWork {

  private final Session session;
  private final Author author;
  private final Map<UUID, List<LockedEnvironment>> wholeProjects = new HashMap<>();
  private final Map<EnvironmentId, LockedEnvironment> revised = new LinkedHashMap<>();
  private final Map<EnvironmentId, LockedEnvironment> accessChanged = new LinkedHashMap<>();
  private final Set<List<Object>> published = new HashSet<>();
  private boolean noted;

  /// Why a unit of work may end without a row in the audit log.
  public enum Unaudited {
    /// A creation under an idempotency key that was used before.
    REPEATED,
    /// What is asked for is so already.
    NOTHING_CHANGED,
    /// What is published now was noted when it was written.
    NOTED_BEFORE
  }

  private UnitOfWork(Session session, Author author) {
    this.session = session;
    this.author = author;
  }

  /// Runs `work` as a part of the transaction that `session` is in, then announces what it locked.
  /// Fails, which takes the transaction back, if the work ends without a row in the audit log and
  /// without having said why ([#leavesNoNote]).
  public static <T> Mono<T> in(Session session, Author author, Function<UnitOfWork, Mono<T>> work) {
    return Mono.defer(() -> {
      var unit = new UnitOfWork(session, author);
      return unit.announcing(work.apply(unit));
    });
  }

  /// Says that this unit writes nothing that the audit log has to tell.
  public void leavesNoNote(Unaudited why) {
    Objects.requireNonNull(why);
    noted = true;
  }

  public Session session() {
    return session;
  }

  public Author author() {
    return author;
  }

  public TenantId tenant() {
    return author.tenant();
  }

  /// The project, so that nobody changes its flags meanwhile; several environments may be changed
  /// side by side.
  public Mono<UUID> projectShared(String project) {
    return LockRows.projectShared(session, tenant(), project);
  }

  /// The project for ourselves: for flags, variants and new environments.
  public Mono<UUID> projectExclusive(String project) {
    return LockRows.projectExclusive(session, tenant(), project);
  }

  /// One environment of a shared project, at its next revision.
  public Mono<LockedEnvironment> nextRevision(String project, String environment) {
    return projectShared(project)
        .flatMap(id ->
            known(revised, id, environment)
                .switchIfEmpty(
                    Mono.defer(() -> LockRows.nextRevision(session, tenant(), id, environment)))
                .doOnNext(at -> checkChange(project, at))
                .doOnNext(this::revise));
  }

  /// One environment of a shared project, at its next access version: its keys or settings change,
  /// its items do not.
  public Mono<LockedEnvironment> nextAccessVersion(String project, String environment) {
    return projectShared(project)
        .flatMap(id ->
            known(accessChanged, id, environment)
                .switchIfEmpty(
                    Mono.defer(
                        () -> LockRows.nextAccessVersion(session, tenant(), id, environment)))
                .doOnNext(at -> checkChange(project, at))
                .doOnNext(at -> accessChanged.put(at.id(), at)));
  }

  /// All environments of a project that is held alone, each at its next revision.
  public Mono<List<LockedEnvironment>> nextRevisions(UUID projectId) {
    return Mono.justOrEmpty(wholeProjects.get(projectId))
        .switchIfEmpty(
            Mono.defer(() -> LockRows.nextRevisions(session, tenant(), projectId))
                .doOnNext(all -> wholeProjects.put(projectId, new ArrayList<>(all))))
        .map(List::copyOf)
        .doOnNext(all -> all.forEach(this::revise));
  }

  /// An environment that this unit has made, at its first revision.
  public void made(LockedEnvironment environment) {
    revise(environment);
    wholeProjects.computeIfPresent(
        environment.projectId(),
        (_, all) -> {
          all.add(environment);
          return all;
        });
  }

  /// An environment that this unit deletes: its streams end.
  public Mono<Void> removed(EnvironmentId environment) {
    return Mono.fromRunnable(
            () -> {
              revised.remove(environment);
              accessChanged.remove(environment);
              wholeProjects
                  .values()
                  .forEach(all -> all.removeIf(at -> at.id().equals(environment)));
            })
        .then(Mono.defer(() -> announce(new Announcement.Removed(environment))));
  }

  /// Publishes changed items of an environment at the revision that it is locked at; of one that is
  /// published more than once, the last counts.
  public Mono<Void> publish(LockedEnvironment at, List<ItemChange> changes) {
    var again = changes.stream().filter(change -> !published.add(item(at, change))).toList();
    return RevisionLog.retract(session, at.at(tenant()), again)
        .then(
            RevisionLog.append(session, at.at(tenant()), author.name(), author.comment(), changes));
  }

  private static List<Object> item(LockedEnvironment at, ItemChange change) {
    return List.of(at.id(), change.kind(), change.key());
  }

  /// Runs a part of the work such that a refusal takes that part back and nothing else, and others
  /// can be tried. What it locks may be free again then, so whoever goes on to commit locks before.
  public <T> Mono<T> attempt(Supplier<Mono<T>> part) {
    return Transactions.attempt(session, part);
  }

  /// The same for an author who publishes much the same again and again, as a list's next version:
  /// the log keeps the first and the newest of what follows each other.
  public Mono<Void> publishAgain(LockedEnvironment at, List<ItemChange> changes) {
    return RevisionLog.appendAgain(session, at.at(tenant()), author.name(), changes);
  }

  /// Notes a creation, change or deletion in the audit log.
  ///
  /// @param action what was done to which thing, as `flag.create`
  /// @param path the resource's, as `/projects/web/flags/checkout`
  /// @param before the resource before, null if it was created
  /// @param after the resource after, null if it was deleted
  /// @param publishedIn the environments that the write published to
  public Mono<Void> note(
      String action,
      String path,
      @Nullable JsonNode before,
      @Nullable JsonNode after,
      List<LockedEnvironment> publishedIn) {
    return note(AuditNote.of(action, path, revisions(publishedIn), before, after));
  }

  /// Notes something in the audit log.
  public Mono<Void> note(AuditNote note) {
    return Mono.defer(() -> AuditRows.add(session, tenant(), author.audited(), note))
        .doOnSuccess(_ -> noted = true);
  }

  /// Notes a write in the audit log and answers the resource as it is afterwards.
  public Mono<Written> wrote(
      String action,
      String path,
      @Nullable Resource before,
      Resource after,
      List<LockedEnvironment> publishedIn) {
    return note(action, path, before == null ? null : before.body(), after.body(), publishedIn)
        .thenReturn(new Written(after.body(), after.version(), revisions(publishedIn)));
  }

  /// Notes a deletion in the audit log and answers the resource as it was.
  ///
  /// @param action as `flag.delete`
  public Mono<Written> deleted(
      String action, String path, Resource before, List<LockedEnvironment> publishedIn) {
    return note(action, path, before.body(), null, publishedIn)
        .thenReturn(new Written(before.body(), before.version(), revisions(publishedIn)));
  }

  /// Runs `creation` unless this author already did the same under the same idempotency key, and
  /// what came of it is still there.
  ///
  /// @param route where the body was sent
  /// @param find what has a key there now; fails with [dev.stitchd.kernel.Problem.NotFound] if
  ///   nothing has
  public Mono<Written> once(
      String route,
      JsonNode body,
      Function<String, Mono<? extends Resource>> find,
      Supplier<Mono<Written>> creation) {
    return Idempotency.once(
        session, author, route, body, find, creation, () -> leavesNoNote(Unaudited.REPEATED));
  }

  /// The same for work that makes no one resource: for 24 hours it has been done.
  public Mono<Written> once(String route, JsonNode body, Supplier<Mono<Written>> work) {
    return Idempotency.once(
        session, author, route, body, null, work, () -> leavesNoNote(Unaudited.REPEATED));
  }

  /// Runs `work` inside a tenant, and steps back into the author's. Only a unit on the platform may
  /// do that.
  public <T> Mono<T> inTenant(TenantId tenant, Function<UnitOfWork, Mono<T>> work) {
    var inside = author.in(tenant);
    return Transactions.enter(session, tenant)
        .then(in(session, inside, work))
        .doOnNext(_ -> noted = true)
        .flatMap(value -> Transactions.enter(session, tenant()).thenReturn(value));
  }

  private void checkChange(String project, LockedEnvironment at) {
    author.check(Need.CHANGE, PathScope.of(project, at.key(), at.production()));
  }

  private void revise(LockedEnvironment at) {
    revised.put(at.id(), at);
  }

  private static Mono<LockedEnvironment> known(
      Map<EnvironmentId, LockedEnvironment> locked, UUID projectId, String key) {
    return Mono.justOrEmpty(
        locked.values().stream()
            .filter(at -> at.projectId().equals(projectId) && at.key().equals(key))
            .findFirst());
  }

  /// What was locked is announced when everything else is done, whether or not that gives a value.
  private <T> Mono<T> announcing(Mono<T> work) {
    return Flux.concat(
            work,
            Mono.<T>fromRunnable(this::mustBeNoted),
            Mono.defer(this::announce).then(Mono.<T>empty()))
        .singleOrEmpty();
  }

  private void mustBeNoted() {
    if (!noted) {
      throw new IllegalStateException(
          "a unit of work ended without a note in the audit log, so all that it wrote is taken back: it must note what it did, or say why there is nothing to note");
    }
  }

  private Mono<Void> announce() {
    var reached = new LinkedHashMap<>(revised);
    accessChanged.forEach((id, at) -> reached.merge(id, at, UnitOfWork::furthest));
    return Flux.fromIterable(reached.values())
        .concatMap(at -> announce(new Announcement.At(at.id(), at.revision(), at.accessVersion())))
        .then();
  }

  private Mono<Void> announce(Announcement announcement) {
    return RevisionLog.announce(session, announcement).then(ReadYourWrites.note(announcement));
  }

  private static LockedEnvironment furthest(LockedEnvironment one, LockedEnvironment other) {
    return new LockedEnvironment(
        one.id(),
        one.projectId(),
        one.key(),
        one.production(),
        Math.max(one.revision(), other.revision()),
        Math.max(one.accessVersion(), other.accessVersion()));
  }

  private static TreeMap<String, Long> revisions(List<LockedEnvironment> publishedIn) {
    var revisions = new TreeMap<String, Long>();
    publishedIn.forEach(at -> revisions.put(at.key(), at.revision()));
    return revisions;
  }
}
