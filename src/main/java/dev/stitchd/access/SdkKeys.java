package dev.stitchd.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;

/// SDK keys as this node knows them. A key that was valid once is answered from memory until it is
/// found revoked, so that it keeps working while PostgreSQL is out; a wrong one is remembered for a
/// few seconds. Each held key carries the access version at which it was last seen valid: a higher
/// one, from an announcement or the safety poll, has it checked again. Safe from any thread.
@Component
final class SdkKeys {

  private static final Logger LOG = LoggerFactory.getLogger(SdkKeys.class);

  private static final int NOTED_AT_ONCE = 1_000;

  /// A key in use and the access version at which it was valid; 0 if that is not known, which is
  /// below every version.
  private static final class Held {
    private final SdkCaller caller;
    private volatile long verified;

    /// When it was looked up, in milliseconds since 1970; 0 if it was not.
    private final long since;

    /// Since that was noted last.
    private volatile boolean used;

    /// Known from before a restart, and neither looked up since nor excused from that.
    private volatile boolean unasked;

    private Held(SdkCaller caller, long verified, long since) {
      this.caller = caller;
      this.verified = verified;
      this.since = since;
    }

    private static Held fromBefore(SdkCaller caller) {
      var held = new Held(caller, 0, 0);
      held.unasked = true;
      return held;
    }
  }

  /// How often keys were added and let go of since the start.
  record Changes(long added, long dropped) {
    static final Changes NONE = new Changes(0, 0);
  }

  /// Somebody waits for the end of a key; outlives the key's place in the cache.
  private static final class Watch {
    private final Held held;
    private final Sinks.One<SdkCaller> end = Sinks.one();
    private int watchers;

    private Watch(Held held) {
      this.held = held;
    }
  }

  private final KeyStore store;
  private final AccessSettings settings;
  private final Scheduler timer;
  private final RandomGenerator chance;
  private final Cache<KeyHash, Held> known;
  private final Cache<UUID, KeyHash> hashes;

  /// By hash or by id, whichever was asked for.
  private final Cache<Object, Boolean> wrong;

  private final Map<Object, Mono<SdkCaller>> pending = new ConcurrentHashMap<>();
  private final Map<UUID, Watch> watches = new ConcurrentHashMap<>();
  private final Semaphore lookups;
  private final AtomicBoolean out = new AtomicBoolean();
  private final AtomicLong added = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private volatile long confirmedAt;
  private final Counter found;
  private final Counter refused;
  private final Counter failed;

  @Autowired
  SdkKeys(
      KeyStore store,
      AccessSettings settings,
      @Qualifier("timer") Scheduler timer,
      RandomGenerator chance,
      MeterRegistry meters) {
    this(store, settings, timer, chance, meters, Ticker.systemTicker());
  }

  SdkKeys(
      KeyStore store,
      AccessSettings settings,
      Scheduler timer,
      RandomGenerator chance,
      MeterRegistry meters,
      Ticker ticker) {
    this.store = store;
    this.settings = settings;
    this.timer = timer;
    this.chance = chance;
    this.known =
        Caffeine.newBuilder().maximumSize(settings.knownKeys()).executor(Runnable::run).build();
    this.hashes =
        Caffeine.newBuilder().maximumSize(settings.knownKeys()).executor(Runnable::run).build();
    this.wrong =
        Caffeine.newBuilder()
            .maximumSize(settings.wrongKeys())
            .expireAfterWrite(settings.wrongKeyTtl())
            .executor(Runnable::run)
            .ticker(ticker)
            .build();
    this.lookups = new Semaphore(settings.lookups());
    this.found = lookupCounter(meters, "found");
    this.refused = lookupCounter(meters, "wrong");
    this.failed = lookupCounter(meters, "failed");
    Gauge.builder("stitchd.access.known.keys", known, Cache::estimatedSize)
        .description("SDK keys that are answered from memory")
        .register(meters);
  }

  /// The holder of a key. Fails with [Problem.Unauthenticated] for a wrong one, with
  /// [Problem.Unavailable] if it is not known here and cannot be looked up now.
  Mono<SdkCaller> holder(String key) {
    if (!Credentials.isSdkKey(key)) {
      return Mono.error(unknown());
    }
    var hash = KeyHash.of(key);
    var held = known.getIfPresent(hash);
    return held != null && isBelieved(held) ? Mono.just(use(held)) : ask(hash, store.find(hash));
  }

  /// The same by a key's id, which whoever asks has seen proof of.
  Mono<SdkCaller> holder(UUID id) {
    var hash = hashes.getIfPresent(id);
    var held = hash == null ? null : known.getIfPresent(hash);
    return held != null && isBelieved(held) ? Mono.just(use(held)) : ask(id, store.find(id));
  }

  /// The holder of a key that is in memory; null otherwise.
  @Nullable SdkCaller known(KeyHash hash) {
    var held = known.getIfPresent(hash);
    return held != null && isBelieved(held) ? use(held) : null;
  }

  /// Reads before it writes: many threads use one key, and one write makes all of them read anew.
  private static SdkCaller use(Held held) {
    if (!held.used) {
      held.used = true;
    }
    return held.caller;
  }

  /// Notes in the store which keys were used since the last time, some at a time. What could not be
  /// noted is noted the next time.
  Mono<Void> noteUses() {
    return Flux.defer(() -> Flux.fromStream(held()).filter(held -> held.used))
        .doOnNext(held -> held.used = false)
        .buffer(NOTED_AT_ONCE)
        .concatMap(used ->
            store
                .used(used.stream().map(held -> held.caller.keyId()).toList())
                .doOnError(_ -> used.forEach(held -> held.used = true)))
        .then();
  }

  /// Emits once, when the key is found to be valid no longer.
  Flux<SdkCaller> revocation(SdkCaller caller) {
    return Flux.usingWhen(
        Mono.fromSupplier(() -> watch(caller)),
        watch -> watch.end.asMono(),
        watch -> Mono.fromRunnable(() -> unwatch(watch)));
  }

  /// The environments whose keys are held here, each with the lowest access version at which one of
  /// them was last checked.
  Map<EnvironmentId, Long> heldEnvironments() {
    var lowest = new HashMap<EnvironmentId, Long>();
    held().forEach(held -> lowest.merge(held.caller.environment(), held.verified, Math::min));
    return lowest;
  }

  /// Whether a key of this environment was last checked before this access version.
  boolean isBehind(EnvironmentId environment, long accessVersion) {
    return held()
        .anyMatch(
            held -> held.caller.environment().equals(environment) && held.verified < accessVersion);
  }

  /// Whether a key of this environment was last checked at another access version than this one.
  boolean isElsewhere(EnvironmentId environment, long accessVersion) {
    return held()
        .anyMatch(held ->
            held.caller.environment().equals(environment) && held.verified != accessVersion);
  }

  /// Completes when the look-ups that are under way now have ended.
  Mono<Void> lookedUp() {
    return Mono.defer(
        () -> Mono.when(pending.values().stream().map(Mono::onErrorComplete).toList()));
  }

  /// Checks the held keys of these environments again and lets go of those that are valid no
  /// longer. Fails as the driver does; nothing is let go of then.
  Mono<Void> recheck(Collection<EnvironmentId> environments) {
    return environments.isEmpty()
        ? Mono.empty()
        : store
            .valid(environments)
            .doOnNext(valid -> environments.forEach(e -> compare(e, valid.get(e))))
            .then();
  }

  /// Lets go of all keys of an environment that is gone.
  void forget(EnvironmentId environment) {
    compare(environment, null);
  }

  /// Takes over what was known before a restart: believed where the store cannot be asked, and
  /// checked like every other held key as soon as it can.
  void adopt(KeyBytes before) {
    confirmedAt = before.confirmedAt();
    before
        .keys()
        .forEach((hash, caller) -> {
          known.asMap().putIfAbsent(hash, Held.fromBefore(caller));
          hashes.put(caller.keyId(), hash);
        });
  }

  /// What another process may adopt.
  KeyBytes kept() {
    var keys = new HashMap<KeyHash, SdkCaller>();
    known.asMap().forEach((hash, held) -> keys.put(hash, held.caller));
    return new KeyBytes(confirmedAt, keys);
  }

  Changes changes() {
    return new Changes(added.get(), dropped.get());
  }

  /// Notes that the store has just confirmed everything held.
  void confirmed() {
    confirmedAt = now();
  }

  /// When the store last confirmed everything held, in milliseconds since 1970.
  long confirmedAt() {
    return confirmedAt;
  }

  private boolean isBelieved(Held held) {
    return !held.unasked && !isUnconfirmed(held);
  }

  private boolean isUnconfirmed(Held held) {
    return !settings.unconfirmed().isZero()
        && now() - Math.max(held.since, confirmedAt) > settings.unconfirmed().toMillis();
  }

  private long now() {
    return timer.now(TimeUnit.MILLISECONDS);
  }

  private Mono<SdkCaller> ask(Object name, Mono<KeyStore.Stored> question) {
    return wrong.getIfPresent(name) == null
        ? Mono.defer(() -> pending.computeIfAbsent(name, _ -> lookup(name, question)))
        : Mono.error(unknown());
  }

  private Mono<SdkCaller> lookup(Object name, Mono<KeyStore.Stored> question) {
    return Mono.usingWhen(
            Mono.fromCallable(this::permit),
            permit -> question.timeout(settings.lookupTimeout(), timer),
            permit -> Mono.fromRunnable(permit::release))
        .onErrorMap(failure -> !(failure instanceof Problem), this::unavailable)
        .map(this::remember)
        .switchIfEmpty(Mono.defer(() -> refuse(name)))
        .onErrorResume(Problem.Unavailable.class, outage -> fromBefore(name, outage))
        .doFinally(_ -> pending.remove(name))
        .cache();
  }

  /// What cannot be looked up now and was valid before the restart is believed until it can be.
  private Mono<SdkCaller> fromBefore(Object name, Problem outage) {
    var hash = hashOf(name);
    var held = hash == null ? null : known.getIfPresent(hash);
    if (held == null || isUnconfirmed(held)) {
      return Mono.error(outage);
    }
    held.unasked = false;
    return Mono.just(held.caller);
  }

  /// The hash of a key that was asked for by its hash or its id; null if it is not in memory.
  private @Nullable KeyHash hashOf(Object name) {
    return name instanceof KeyHash hash
        ? hash
        : name instanceof UUID id ? hashes.getIfPresent(id) : null;
  }

  private Semaphore permit() {
    if (!lookups.tryAcquire()) {
      throw new Problem.Unavailable("too many unknown SDK keys are being looked up", later());
    }
    return lookups;
  }

  private SdkCaller remember(KeyStore.Stored stored) {
    found.increment();
    answered();
    if (confirmedAt == 0) {
      confirmed(); // the first key is all that is held
    }
    var held = new Held(stored.caller(), stored.accessVersion(), now());
    held.used = true;
    known.put(stored.hash(), held);
    hashes.put(stored.caller().keyId(), stored.hash());
    added.incrementAndGet();
    return stored.caller();
  }

  private Mono<SdkCaller> refuse(Object name) {
    refused.increment();
    answered();
    wrong.put(name, Boolean.TRUE);
    var hash = hashOf(name);
    if (hash != null && known.asMap().remove(hash) != null) {
      dropped.incrementAndGet();
    }
    return Mono.error(unknown());
  }

  private Problem unavailable(Throwable failure) {
    failed.increment();
    if (out.compareAndSet(false, true)) {
      LOG.warn(
          "SDK keys: PostgreSQL did not answer a look-up ({}); known keys keep working, others get 503 until it answers",
          failure.toString());
    }
    return new Problem.Unavailable("this SDK key cannot be checked right now", later(), failure);
  }

  private void answered() {
    if (out.compareAndSet(true, false)) {
      LOG.info("SDK keys: PostgreSQL answers look-ups again");
    }
  }

  private Duration later() {
    return settings.retryAfter().plusMillis(chance.nextLong(settings.retryAfter().toMillis() + 1));
  }

  private static Problem unknown() {
    return new Problem.Unauthenticated("the SDK key is not known or was revoked");
  }

  private Stream<Held> held() {
    return Stream.concat(
        known.asMap().values().stream(), watches.values().stream().map(watch -> watch.held));
  }

  private void compare(EnvironmentId environment, KeyStore.@Nullable Valid valid) {
    known.asMap().entrySet().stream()
        .filter(entry -> isOver(entry.getValue(), environment, valid))
        .forEach(entry -> drop(entry.getKey(), entry.getValue()));
    watches.values().stream()
        .filter(watch -> isOver(watch.held, environment, valid))
        .forEach(SdkKeys::end);
    if (valid != null) {
      held()
          .filter(held -> held.caller.environment().equals(environment))
          .forEach(held -> verify(held, valid));
    }
  }

  private void drop(KeyHash hash, Held held) {
    if (known.asMap().remove(hash, held)) {
      dropped.incrementAndGet();
    }
  }

  private static void verify(Held held, KeyStore.Valid valid) {
    held.verified = verified(held, valid);
    if (held.verified > 0) {
      held.unasked = false;
    }
  }

  /// An answer below what was seen before is either late or tells that a backup was restored: the
  /// next poll asks again and then believes it.
  private static long verified(Held held, KeyStore.Valid valid) {
    if (valid.accessVersion() < held.verified) {
      return valid.accessVersion() - 1;
    }
    return valid.keys().contains(held.caller.keyId()) ? valid.accessVersion() : held.verified;
  }

  /// An answer older than the key's own look-up says nothing about it.
  private static boolean isOver(
      Held held, EnvironmentId environment, KeyStore.@Nullable Valid valid) {
    return held.caller.environment().equals(environment)
        && (valid == null
            || (valid.accessVersion() >= held.verified
                && !valid.keys().contains(held.caller.keyId())));
  }

  /// Whoever comes second finds it done, which is as good.
  private static void end(Watch watch) {
    var _ = watch.end.tryEmitValue(watch.held.caller);
  }

  private Watch watch(SdkCaller caller) {
    return watches.compute(
        caller.keyId(),
        (_, existing) -> {
          var watch = existing == null ? new Watch(heldFor(caller)) : existing;
          watch.watchers++;
          return watch;
        });
  }

  /// A key that left the cache meanwhile counts as never checked, so the next poll checks it.
  private Held heldFor(SdkCaller caller) {
    var hash = hashes.getIfPresent(caller.keyId());
    var held = hash == null ? null : known.getIfPresent(hash);
    return held == null ? new Held(caller, 0, 0) : held;
  }

  private void unwatch(Watch watch) {
    watches.computeIfPresent(
        watch.held.caller.keyId(), (_, w) -> w == watch && --w.watchers == 0 ? null : w);
  }

  private static Counter lookupCounter(MeterRegistry meters, String outcome) {
    return Counter.builder("stitchd.access.lookups")
        .description("SDK keys that were looked up in PostgreSQL")
        .tag("outcome", outcome)
        .register(meters);
  }
}
