package dev.stitchd.postgres;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import dev.stitchd.background.Turns;
import dev.stitchd.kernel.RootCause;
import dev.stitchd.postgres.PrimaryLog.Sample;
import dev.stitchd.postgres.ReplicaRows.Standing;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Signal;

/// Reads on replicas of PostgreSQL what may be a little old, and only there where it is not older
/// than that. Once a second the replica and then the primary are asked where their logs are; before
/// a connection is used, its server has to have replayed what the primary had a while ago. Whoever
/// gets no answer here asks the primary. Safe from any thread.
public final class Replica implements BackgroundJob, HealthIndicator {

  private static final Logger LOG = LoggerFactory.getLogger(Replica.class);

  private static final Duration INTERVAL = Duration.ofSeconds(1);

  /// A replica that is of no use at one turn may have been asked at the wrong moment.
  private static final int TURNS_UNTIL_TOLD = 2;

  /// Nothing was asked of a replica: none is recent enough, or none is there.
  private static final class Unused extends RuntimeException {
    private static final Unused NOW = new Unused();

    private Unused() {
      super("no replica is recent enough", null, false, false);
    }
  }

  private final @Nullable PostgresAddress address;
  private final Lender replica;
  private final Lender primary;
  private final PrimaryLog log;
  private final Duration lag;
  private final Counter here;
  private final Counter elsewhere;

  /// Up to where the servers of open connections have replayed the log at least. A connection past
  /// a pooler of transactions stays with its server, whose log goes on and never back.
  private final Map<Connection, Long> replayed = Collections.synchronizedMap(new WeakHashMap<>());

  /// The furthest position that any replica told of.
  private final AtomicLong furthest = new AtomicLong(-1);

  /// Up to where a replica had what the primary has not.
  private volatile long invented = -1;

  /// When the primary was started; read and written by one turn at a time.
  private long primaryStarted = -1;

  private volatile boolean usable;
  private volatile boolean history = true;
  private volatile int turnsWithout;

  /// @param address null if there is no replica
  Replica(
      @Nullable PostgresAddress address,
      Lender replica,
      Lender primary,
      PostgresSettings settings,
      MeterRegistry meters) {
    this.address = address;
    this.replica = replica;
    this.primary = primary;
    this.lag = settings.readLag();
    this.log = new PrimaryLog(lag, replica.timer());
    this.here = reads("replica", meters);
    this.elsewhere = reads("primary", meters);
    Gauge.builder("stitchd.postgres.replica.usable", this, own -> own.usable ? 1 : 0)
        .description("Whether a replica is read from")
        .register(meters);
  }

  /// Now, for [#session].
  public long now() {
    return log.now();
  }

  /// What `work` answers on a replica that is no more than `STITCHD_POSTGRES_READ_LAG` behind and
  /// has all that was committed before a time. Fails, without having asked anything if no replica
  /// is known to be so; whoever asks has to ask the primary then. Emits on an R2DBC event loop.
  ///
  /// @param since a time that [#now] told
  /// @param within how long it may take
  public <T> Mono<T> session(long since, Duration within, Function<Session, Mono<T>> work) {
    return address == null
        ? Mono.error(Unused.NOW)
        : Mono.defer(() -> counted(since, within, work));
  }

  /// The same for what nothing is known of but that it may be behind.
  public <T> Mono<T> session(Duration within, Function<Session, Mono<T>> work) {
    return Mono.defer(() -> session(now() - lag.toNanos(), within, work));
  }

  @Override
  public String name() {
    return "PostgreSQL replica";
  }

  @Override
  public String withoutIt() {
    return "everything is read from the primary";
  }

  @Override
  public StartOrder order() {
    return StartOrder.CHANGES;
  }

  @Override
  public Publisher<?> work() {
    return address == null
        ? Mono.never()
        : Turns.nowAndEvery(INTERVAL, replica.timer(), this::compared);
  }

  @Override
  public Health health() {
    return (turnsWithout < TURNS_UNTIL_TOLD ? Health.up() : Health.outOfService()).build();
  }

  private <T> Mono<T> counted(long since, Duration within, Function<Session, Mono<T>> work) {
    var required = usable ? log.required(since) : null;
    return (required == null ? Mono.<T>error(Unused.NOW) : asked(required, within, work))
        .doOnSuccess(_ -> here.increment())
        .doOnError(_ -> elsewhere.increment());
  }

  private <T> Mono<T> asked(Sample required, Duration within, Function<Session, Mono<T>> work) {
    return replica
        .session(session -> recent(session, required, work))
        .timeout(within, replica.timer())
        .doOnError(failure -> {
          if (!(failure instanceof Unused)) {
            usable = false; // until it has answered the next comparison
          }
        });
  }

  private <T> Mono<T> recent(Session session, Sample required, Function<Session, Mono<T>> work) {
    var connection = Lender.physical(session.connection());
    if (connection instanceof PooledConnection) { // each transaction may have another server
      var whole =
          session.begin().then(has(session, required)).then(Mono.defer(() -> work.apply(session)));
      return Flux.concat(whole, session.commit().then(Mono.<T>empty())).singleOrEmpty();
    }
    return required.isBefore(replayed.getOrDefault(connection, -1L))
        ? work.apply(session)
        : has(session, required)
            .doOnNext(found -> replayed.put(connection, found.position()))
            .then(Mono.defer(() -> work.apply(session)));
  }

  /// A statement of its own, before the one that reads: what that sees is decided when it begins.
  private Mono<Standing> has(Session session, Sample required) {
    return ReplicaRows.standing(session, history)
        .doOnNext(this::told)
        .filter(found -> required.isIn(found) && required.standing().position() > invented)
        .switchIfEmpty(Mono.error(Unused.NOW));
  }

  private void told(Standing standing) {
    if (standing.standby()) {
      furthest.accumulateAndGet(standing.position(), Math::max);
    }
  }

  /// The replica is asked first: what it has then, the primary has too, or they have parted.
  private Mono<Void> compared() {
    return standing(replica)
        .doOnNext(this::told)
        .materialize()
        .flatMap(there -> sampled().materialize().doOnNext(sample -> judge(there, sample)))
        .then();
  }

  private Mono<Sample> sampled() {
    return Mono.defer(() -> {
      long before = furthest.get();
      long asked = log.now();
      return standing(primary)
          .map(standing -> new Sample(asked, standing))
          .doOnNext(sample -> note(sample, before));
    });
  }

  /// A primary that was started again may have been restored, and its log past what it had lost
  /// before it was asked. Only what it writes from here on tells then who follows it.
  ///
  /// @param before the furthest that a replica had told of when the primary was asked
  private void note(Sample sample, long before) {
    var primary = sample.standing();
    if (!primary.standby()) {
      log.add(sample);
      boolean again = primaryStarted >= 0 && primary.started() != primaryStarted;
      if (primary.position() < before || (again && primary.position() > before)) {
        invented = before;
      }
      primaryStarted = primary.started();
    }
  }

  private Mono<Standing> standing(Lender of) {
    return Mono.defer(() -> of.session(session -> ReplicaRows.standing(session, history)))
        .doOnError(R2dbcPermissionDeniedException.class, _ -> history = false)
        .timeout(INTERVAL, replica.timer());
  }

  private void judge(Signal<Standing> there, Signal<Sample> primary) {
    var problem = problem(there, primary);
    usable = problem == null;
    if (problem == null) {
      if (turnsWithout >= TURNS_UNTIL_TOLD) {
        LOG.info("PostgreSQL replica: {} is read from again", address);
      }
      turnsWithout = 0;
    } else if (turnsWithout < TURNS_UNTIL_TOLD) {
      turnsWithout = turnsWithout + 1;
      if (turnsWithout == TURNS_UNTIL_TOLD) {
        LOG.warn(
            "PostgreSQL replica: {} {}, so everything is read from the primary until that has changed",
            address,
            problem);
      }
    }
  }

  private @Nullable String problem(Signal<Standing> there, Signal<Sample> primary) {
    var standing = there.get();
    var sample = primary.get();
    if (standing == null) {
      return "does not answer (" + why(there) + ")";
    }
    if (sample == null) {
      return "cannot be compared with the primary, which does not answer (" + why(primary) + ")";
    }
    var required = log.required();
    if (sample.standing().standby() || required == null) {
      return "cannot be compared with the primary, since STITCHD_POSTGRES_URL leads to a standby too";
    }
    if (!standing.standby()) {
      return "is not in recovery, so it is no replica";
    }
    if (!standing.isOfHistoryOf(sample.standing()) || required.standing().position() <= invented) {
      return "has another history than the primary, as after a restored backup or a fail-over";
    }
    return required.isIn(standing)
        ? null
        : "is more than " + lag + " behind (STITCHD_POSTGRES_READ_LAG)";
  }

  private static String why(Signal<?> signal) {
    var failure = signal.getThrowable();
    return failure == null ? "nothing was said" : RootCause.of(failure);
  }

  private static Counter reads(String by, MeterRegistry meters) {
    return Counter.builder("stitchd.postgres.replica.reads")
        .description("Reads that a replica may answer, by who did")
        .tag("by", by)
        .register(meters);
  }
}
