package dev.stitchd.snapshot;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.revisionlog.PublishedItems;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Sinks;

/// One environment in memory: its newest snapshot, whoever waits for newer ones, and at most one
/// read under way. Safe from any thread.
final class LoadedEnvironment {

  private static final int RELEASED = -1;

  private final EnvironmentId environment;
  private final Reading reading;
  private final Consumer<LoadedEnvironment> onEnd;
  private final Mono<Void> first;
  private final AtomicReference<@Nullable EpochSnapshot> view = new AtomicReference<>();
  private final Sinks.Many<Snapshot> newest = Sinks.many().replay().latest();
  private final AtomicLong announced = new AtomicLong();
  private final AtomicInteger subscribers = new AtomicInteger();
  private volatile long lastUsed;

  /// Asked for and not yet served; whoever raises it from zero reads, and is the only one to touch
  /// [#newest] until it is zero again. The first load is asked for from the beginning.
  private final AtomicInteger wanted = new AtomicInteger(1);

  private final AtomicBoolean wholeWanted = new AtomicBoolean();
  private volatile boolean ended;

  /// Questions to the store about this environment, numbered in the order in which they were asked.
  private final AtomicLong questions = new AtomicLong();

  private final Set<Waiter> waiters = ConcurrentHashMap.newKeySet();

  private final AtomicReference<@Nullable Older> older = new AtomicReference<>();

  /// What was asked about removals up to a revision; no snapshot, which would stay in memory.
  ///
  /// @param again when it is asked again at the latest, by the timer's clock
  private record Older(UUID epoch, long until, long again, Mono<OlderRemovals> answer) {

    /// Whether it goes as far as what a later view remembers.
    boolean reaches(EpochSnapshot view, long now) {
      return epoch.equals(view.epoch())
          && until >= view.snapshot().history().reachesBackTo()
          && now < again;
    }
  }

  /// Waits for an answer to a question that was asked later than this number.
  private record Waiter(long after, MonoSink<EpochSnapshot.Source> sink) {}

  /// @param onEnd told when this object is of no more use: its first load failed, or the
  ///   environment turned out to be deleted
  LoadedEnvironment(EnvironmentId environment, Reading reading, Consumer<LoadedEnvironment> onEnd) {
    this.environment = environment;
    this.reading = reading;
    this.onEnd = onEnd;
    // Cached, so that one load serves all who wait for it and goes on when one of them leaves;
    // without its result, which would keep the oldest snapshot in memory.
    this.first =
        Mono.defer(() -> reading.first(environment))
            .switchIfEmpty(Mono.error(() -> unknown(environment)))
            .doOnNext(this::install)
            .flatMap(_ -> caughtUp())
            .doOnError(_ -> onEnd.accept(this))
            .cache();
  }

  EnvironmentId environment() {
    return environment;
  }

  /// What is held now; null before the first load.
  @Nullable EpochSnapshot view() {
    return view.get();
  }

  /// The newest snapshot; loads it if this is the first use.
  Mono<Snapshot> current() {
    var held = view.get();
    return held == null
        ? first.then(Mono.fromSupplier(this::loaded).map(EpochSnapshot::snapshot))
        : Mono.just(held.snapshot());
  }

  /// The newest snapshot, then each newer one, until the environment is deleted.
  Flux<Snapshot> updates() {
    return first.thenMany(Flux.defer(newest::asFlux)).onBackpressureLatest();
  }

  /// Notes where the store is said to be.
  void announced(long revision) {
    announced.accumulateAndGet(revision, Math::max);
  }

  /// Whether this is newer than what is held.
  boolean isBehind(long revision, long accessVersion) {
    var held = view.get();
    return held == null
        || held.snapshot().revision() < revision
        || held.snapshot().accessVersion() < accessVersion;
  }

  /// Whether this is not yet what the primary said.
  boolean isBehind(PublishedItems.Position position) {
    var held = view.get();
    return held == null
        || held.source() != EpochSnapshot.Source.PRIMARY
        || isBehind(position.revision(), position.accessVersion());
  }

  /// By how many revisions this is behind what was announced.
  long lag() {
    var held = view.get();
    return held == null ? 0 : Math.max(0, announced.get() - held.snapshot().revision());
  }

  /// Reads until nothing newer was asked for since the read began. Returns at once if a read is
  /// under way, which then reads again. A failure is the store's, and leaves what is held.
  ///
  /// @param whole everything anew, not only what changed
  Mono<Void> refresh(boolean whole) {
    return Mono.defer(() -> {
      if (whole) {
        wholeWanted.set(true);
      }
      return wanted.getAndIncrement() == 0 ? readWhileWanted() : Mono.empty();
    });
  }

  /// What is held of a place, after asking the store once if it is newer; unlimited in time.
  Mono<Reached> reach(Cursor told) {
    return current()
        .flatMap(snapshot ->
            snapshot.isBefore(told)
                ? answerTo(refresh(false)).map(source -> reached(told, source))
                : Mono.just(new Reached(snapshot, Reached.Place.HELD)));
  }

  /// What is held of a place, once it is held or the primary has answered without it.
  Mono<Reached> settled(Cursor told) {
    return Mono.defer(() -> answerTo(Mono.empty()).map(source -> reached(told, source)))
        .repeat()
        .filter(reached -> reached.place() != Reached.Place.UNCONFIRMED)
        .next();
  }

  /// What was removed before what is remembered; one read serves all who ask while it reaches what
  /// is. If the store does not say it, the next who asks has it read again once a pause is over.
  Mono<OlderRemovals> olderRemovals() {
    return current().then(Mono.defer(() -> olderRemovals(loaded())));
  }

  private Mono<OlderRemovals> olderRemovals(EpochSnapshot view) {
    var known = older.get();
    if (known != null && known.reaches(view, reading.now())) {
      return known.answer();
    }
    if (view.isLastKnown()) {
      return Mono.empty(); // the store is out, and is asked as soon as it is not
    }
    var epoch = view.epoch();
    var read =
        reading
            .olderRemovals(view)
            .doOnSuccess(found -> older.set(found == null ? failed(epoch) : answered(epoch, found)))
            .doOnError(_ -> older.set(failed(epoch)))
            .cache(); // goes on for others when who asked first no longer waits
    var answer = reading.waitedFor(read);
    var asked = new Older(epoch, view.snapshot().revision(), Long.MAX_VALUE, answer);
    return older.compareAndSet(known, asked) ? answer : olderRemovals(view);
  }

  private static Older answered(UUID epoch, OlderRemovals found) {
    return new Older(epoch, found.until(), Long.MAX_VALUE, Mono.just(found));
  }

  /// Nobody waits for an answer again before a while is over.
  private Older failed(UUID epoch) {
    return new Older(epoch, Long.MAX_VALUE, reading.olderRemovalsAgain(), Mono.empty());
  }

  /// Completes when this holds what the store had when it was asked, after now, or the store could
  /// not say so. It is asked whatever number this holds: in a history that was lost, as by a
  /// restored backup, the same or a higher number meant something else.
  Mono<Void> caughtUpWithStore() {
    return current().then(Mono.defer(() -> answerTo(refresh(false)).then())).onErrorComplete();
  }

  /// Notes that a question to the store begins; its number is given back to [#answered].
  long ask() {
    return questions.incrementAndGet();
  }

  /// Notes whose answer to a question was, after it is held; [EpochSnapshot.Source#DISK] for none.
  void answered(long question, EpochSnapshot.Source source) {
    for (var waiter : waiters) {
      if (waiter.after < question) {
        waiter.sink.success(source);
      }
    }
  }

  /// Whose answer to the next question was.
  ///
  /// @param asking subscribed to once somebody waits; goes on for others if they no longer do
  private Mono<EpochSnapshot.Source> answerTo(Mono<Void> asking) {
    return Flux.merge(
            nextAnswer(), asking.onErrorComplete().cache().cast(EpochSnapshot.Source.class))
        .next();
  }

  private Mono<EpochSnapshot.Source> nextAnswer() {
    return Mono.create(sink -> {
      var waiter = new Waiter(questions.get(), sink);
      waiters.add(waiter);
      var _ = sink.onDispose(() -> waiters.remove(waiter));
    });
  }

  private Reached reached(Cursor told, EpochSnapshot.Source source) {
    return Reached.of(
        loaded().snapshot(),
        told,
        source == EpochSnapshot.Source.PRIMARY
            ? Reached.Place.NONEXISTENT
            : Reached.Place.UNCONFIRMED);
  }

  /// Tells everybody that the environment was deleted.
  Mono<Void> end() {
    return Mono.defer(() -> {
      ended = true;
      return refresh(false);
    });
  }

  /// Counts a subscriber in; false if this was released, and must be looked up again.
  boolean subscribe(long now) {
    lastUsed = now;
    return subscribers.updateAndGet(n -> n == RELEASED ? RELEASED : n + 1) != RELEASED;
  }

  void unsubscribe(long now) {
    lastUsed = now;
    var _ = subscribers.decrementAndGet();
  }

  /// Notes a use; cheap enough for every read.
  void use(long now) {
    if (lastUsed != now) {
      lastUsed = now;
    }
  }

  long lastUsed() {
    return lastUsed;
  }

  /// Releases this if nobody is subscribed; whether it did.
  boolean release() {
    return subscribers.compareAndSet(0, RELEASED);
  }

  private Mono<Void> readWhileWanted() {
    var served = new AtomicInteger();
    var failure = new AtomicReference<@Nullable Throwable>();
    return Mono.defer(() -> readOnce(served, failure))
        .repeat(() -> !wanted.compareAndSet(served.get(), 0))
        .then(Mono.defer(() -> failed(failure.get())))
        .doOnCancel(() -> wanted.set(0));
  }

  /// One read. Its failure is kept for the end, so that whatever was asked for meanwhile is served.
  private Mono<EpochSnapshot> readOnce(
      AtomicInteger served, AtomicReference<@Nullable Throwable> failure) {
    served.set(wanted.get());
    failure.set(null);
    var held = view.get();
    if (ended || held == null) {
      complete();
      return Mono.empty();
    }
    long question = ask();
    return read(held)
        .doOnNext(this::install)
        .doOnNext(read -> answered(question, read.source()))
        .switchIfEmpty(Mono.fromRunnable(this::complete))
        .onErrorResume(e -> Mono.fromRunnable(() -> failed(question, e, failure)));
  }

  private void failed(long question, Throwable why, AtomicReference<@Nullable Throwable> failure) {
    failure.set(why);
    answered(question, EpochSnapshot.Source.DISK);
  }

  private Mono<EpochSnapshot> read(EpochSnapshot held) {
    return wholeWanted.getAndSet(false) ? reading.anew(held) : reading.newer(held);
  }

  /// An announcement that came while the first load was under way has been counted, and is served
  /// now.
  private Mono<Void> caughtUp() {
    return wanted.compareAndSet(1, 0) ? Mono.empty() : readWhileWanted().onErrorComplete();
  }

  private EpochSnapshot loaded() {
    return Objects.requireNonNull(view.get(), "loaded");
  }

  private void install(EpochSnapshot loaded) {
    var before = view.getAndSet(loaded);
    if (before == null || before.snapshot() != loaded.snapshot()) {
      var _ = newest.tryEmitNext(loaded.snapshot());
    }
  }

  private void complete() {
    var _ = newest.tryEmitComplete();
    onEnd.accept(this);
  }

  private static Mono<Void> failed(@Nullable Throwable failure) {
    return failure == null ? Mono.empty() : Mono.error(failure);
  }

  private static Problem unknown(EnvironmentId environment) {
    return new Problem.NotFound("there is no environment " + environment);
  }
}
