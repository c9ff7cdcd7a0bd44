package dev.stitchd.warehouse.query;

import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.warehouse.Asker;
import dev.stitchd.warehouse.clickhouse.ClickHouseSettings;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;

/// How many queries run at ClickHouse at once: so many of one tenant, so many in all. What is
/// beyond waits, for so long, and of so many; a place that becomes free goes to the tenant that has
/// the fewest running. Where too many wait, one goes of the tenant that has the most waiting. So a
/// tenant's slow queries, and its many, are its own trouble. Safe from any thread; nothing is
/// called under the lock.
public final class QueryPlaces {

  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

  private static final String ADVICE =
      "ask one after another, for one flag or for a shorter time, and come again";

  private enum State {
    NEW,
    WAITING,
    HELD,
    BEGUN,
    LEFT
  }

  /// One query's; its state is guarded by the lock.
  private final class Place {

    private final Optional<TenantId> asker;
    private final Sinks.Empty<Void> turn = Sinks.empty();
    private State state = State.NEW;

    Place(Optional<TenantId> asker) {
      this.asker = asker;
    }

    void come() {
      // Only who changes the state emits, once.
      var _ = turn.tryEmitEmpty();
    }

    void refuse() {
      var _ = turn.tryEmitError(refusal("too many questions are waiting for their turn already"));
    }
  }

  private final int most;
  private final int share;
  private final int mostWaiting;
  private final Duration patience;
  private final Scheduler timer;
  private final Counter refused;

  private final Object lock = new Object();
  private final Map<Optional<TenantId>, Integer> running = new HashMap<>();
  private final List<Place> waiting = new ArrayList<>();
  private int all;

  public QueryPlaces(ClickHouseSettings settings, Scheduler timer, MeterRegistry meters) {
    most = settings.queryThreads();
    share = settings.queryShare();
    mostWaiting = settings.waitingQueries();
    patience = settings.queryWait();
    this.timer = timer;
    Gauge.builder("stitchd.queries.running", this, QueryPlaces::running)
        .description("Analytical queries that run at ClickHouse for this node")
        .register(meters);
    Gauge.builder("stitchd.queries.waiting", this, QueryPlaces::waiting)
        .description("Analytical queries that wait for their turn on this node")
        .register(meters);
    refused =
        Counter.builder("stitchd.queries.refused")
            .description("Analytical queries that waited for their turn in vain, or could not wait")
            .register(meters);
  }

  int running() {
    synchronized (lock) {
      return all;
    }
  }

  int waiting() {
    synchronized (lock) {
      return waiting.size();
    }
  }

  /// Runs a query when it is its turn. Fails with [Problem.TooMany] if that does not come in time.
  ///
  /// @param query given what it must run when it has ended at ClickHouse, which may be long after
  ///   it was cancelled; once subscribed to, it does so whatever happens
  <T> Mono<T> within(Function<Runnable, Mono<T>> query) {
    return Mono.deferContextual(context -> within(new Place(Asker.in(context)), query));
  }

  private <T> Mono<T> within(Place place, Function<Runnable, Mono<T>> query) {
    return Mono.defer(() -> turn(place))
        .doOnError(Problem.TooMany.class, _ -> refused.increment())
        .then(Mono.defer(() -> begins(place) ? query.apply(() -> leave(place)) : Mono.<T>empty()))
        .doFinally(_ -> leaveUnlessBegun(place));
  }

  private Mono<Void> turn(Place place) {
    var losers = new ArrayList<Place>();
    synchronized (lock) {
      if (place.state != State.NEW) {
        // cancelled before it was asked for, and given back already
        return Mono.empty();
      }
      if (isFree(place)) {
        hold(place);
        return Mono.empty();
      }
      place.state = State.WAITING;
      waiting.add(place);
      if (waiting.size() > mostWaiting) {
        losers.add(dropped());
      }
    }
    losers.forEach(Place::refuse);
    return place
        .turn
        .asMono()
        .timeout(patience, timer)
        .onErrorMap(TimeoutException.class, _ -> late(place));
  }

  /// The last of the tenant that has the most waiting.
  private Place dropped() {
    var lengths = new HashMap<Optional<TenantId>, Integer>();
    waiting.forEach(one -> lengths.merge(one.asker, 1, Integer::sum));
    int longest = lengths.values().stream().mapToInt(n -> n).max().orElse(0);
    var last =
        waiting.reversed().stream()
            .filter(one -> lengths.getOrDefault(one.asker, 0) == longest)
            .findFirst()
            .orElseThrow();
    waiting.remove(last);
    last.state = State.LEFT;
    return last;
  }

  private boolean begins(Place place) {
    synchronized (lock) {
      if (place.state == State.HELD) {
        place.state = State.BEGUN;
      }
      return place.state == State.BEGUN;
    }
  }

  private void leaveUnlessBegun(Place place) {
    boolean begun;
    synchronized (lock) {
      begun = place.state == State.BEGUN;
    }
    if (!begun) {
      leave(place);
    }
  }

  private void leave(Place place) {
    var next = new ArrayList<Place>();
    synchronized (lock) {
      if (place.state == State.WAITING) {
        waiting.remove(place);
      } else if (place.state == State.HELD || place.state == State.BEGUN) {
        all--;
        running.computeIfPresent(place.asker, (_, n) -> n == 1 ? null : n - 1);
        first()
            .ifPresent(one -> {
              waiting.remove(one);
              hold(one);
              next.add(one);
            });
      }
      place.state = State.LEFT;
    }
    next.forEach(Place::come);
  }

  private Optional<Place> first() {
    return waiting.stream()
        .filter(this::isFree)
        .min(Comparator.comparingInt(one -> running.getOrDefault(one.asker, 0)));
  }

  private boolean isFree(Place place) {
    return all < most && running.getOrDefault(place.asker, 0) < share;
  }

  private void hold(Place place) {
    place.state = State.HELD;
    all++;
    var _ = running.merge(place.asker, 1, Integer::sum);
  }

  private Problem.TooMany late(Place place) {
    boolean own;
    synchronized (lock) {
      own = running.getOrDefault(place.asker, 0) >= share;
    }
    return refusal(
        own
            ? "this tenant has %d questions running here already, as many as it may, and this one waited %d ms for its turn"
                .formatted(share, patience.toMillis())
            : "this node has %d questions running already, as many as it may, and this one waited %d ms for its turn"
                .formatted(most, patience.toMillis()));
  }

  private static Problem.TooMany refusal(String reason) {
    return Problem.TooMany.questions(reason + "; " + ADVICE, RETRY_AFTER);
  }
}
