package dev.stitchd.segment.lookup;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.segment.Memberships;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Asks with a bound on how many ask at once and on how long they wait, and counts how it went.
/// Safe from any thread.
@Component
final class BoundedMemberships implements Memberships {

  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  /// One question to the store, however long it takes.
  @FunctionalInterface
  interface Store {
    Mono<List<Listing>> find(EnvironmentId environment, Set<String> segments, Set<String> keys);
  }

  private final Store store;
  private final MembershipSettings settings;
  private final Scheduler timer;
  private final AtomicInteger open = new AtomicInteger();
  private final Timer answered;
  private final Timer late;
  private final Timer failed;
  private final Timer refused;

  @Autowired
  BoundedMemberships(
      JoinedMemberships joined,
      MembershipSettings settings,
      @Qualifier("timer") Scheduler timer,
      MeterRegistry meters) {
    this((Store) joined::find, settings, timer, meters);
  }

  BoundedMemberships(
      Store store, MembershipSettings settings, Scheduler timer, MeterRegistry meters) {
    this.store = store;
    this.settings = settings;
    this.timer = timer;
    this.answered = queries("answered", meters);
    this.late = queries("late", meters);
    this.failed = queries("failed", meters);
    this.refused = queries("refused", meters);
    Gauge.builder("stitchd.membership.open", open, AtomicInteger::get)
        .description("Questions about lists that wait for a connection or for PostgreSQL")
        .register(meters);
  }

  @Override
  public Mono<List<Listing>> listings(
      EnvironmentId environment, Set<String> segments, Set<String> keys) {
    return segments.isEmpty() || keys.isEmpty()
        ? Mono.just(List.of())
        : Mono.defer(() -> enter() ? ask(environment, segments, keys) : refuse());
  }

  private Mono<List<Listing>> ask(
      EnvironmentId environment, Set<String> segments, Set<String> keys) {
    long since = timer.now(TimeUnit.NANOSECONDS);
    return store
        .find(environment, segments, keys)
        .timeout(settings.answerWithin(), timer)
        .doOnSuccess(_ -> record(answered, since))
        .onErrorMap(failure -> meaningOf(failure, since))
        .doFinally(_ -> open.decrementAndGet());
  }

  private boolean enter() {
    if (open.incrementAndGet() <= settings.queries()) {
      return true;
    }
    open.decrementAndGet();
    return false;
  }

  private Mono<List<Listing>> refuse() {
    refused.record(Duration.ZERO);
    return Mono.error(
        unavailable("more than " + settings.queries() + " questions about lists are open", null));
  }

  private Throwable meaningOf(Throwable failure, long since) {
    return switch (failure) {
      case TimeoutException _ -> {
        record(late, since);
        yield unavailable(
            "PostgreSQL did not say within " + settings.answerWithin() + " who is on the lists",
            failure);
      }
      case R2dbcException _, RejectedExecutionException _ -> {
        record(failed, since);
        yield unavailable("PostgreSQL does not answer who is on the lists", failure);
      }
      default -> failure;
    };
  }

  private void record(Timer of, long since) {
    of.record(timer.now(TimeUnit.NANOSECONDS) - since, TimeUnit.NANOSECONDS);
  }

  private static Problem unavailable(String detail, @Nullable Throwable cause) {
    return new Problem.Unavailable(detail + "; try again", RETRY_AFTER, cause);
  }

  private static Timer queries(String outcome, MeterRegistry meters) {
    return Timer.builder("stitchd.membership.queries")
        .description("Questions about lists and how long they took")
        .tag("outcome", outcome)
        .register(meters);
  }
}
