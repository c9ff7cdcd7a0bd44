package dev.stitchd.delivery;

import dev.stitchd.kernel.EnvironmentId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import reactor.core.publisher.Mono;

/// An event store in memory that behaves as [EventSinkContract] says, and can be made to fail.
public final class InMemoryEventSink implements EventSink {

  /// What the next writes do.
  enum Mode {
    STORE,
    /// Stores nothing and says so.
    OUT,
    /// Stores, and the answer is lost.
    STORE_AND_LOSE_THE_ANSWER,
    /// Never answers.
    HANG
  }

  private final List<Event> stored = new ArrayList<>();
  private final Set<String> tokens = new HashSet<>();
  final List<Batch> attempts = new CopyOnWriteArrayList<>();
  final AtomicInteger running = new AtomicInteger();
  final AtomicInteger mostRunning = new AtomicInteger();
  volatile Mode mode = Mode.STORE;

  /// What the nth write does, counted from one; by default whatever `mode` says at that moment.
  volatile IntFunction<Mode> script = _ -> mode;

  @Override
  public Mono<Void> write(Batch batch) {
    return Mono.defer(() -> now(batch))
        .doOnSubscribe(_ -> mostRunning.accumulateAndGet(running.incrementAndGet(), Math::max))
        .doFinally(_ -> running.decrementAndGet());
  }

  private Mono<Void> now(Batch batch) {
    attempts.add(batch);
    return switch (script.apply(attempts.size())) {
      case STORE -> store(batch);
      case OUT -> Mono.error(new Unavailable("scripted outage"));
      case STORE_AND_LOSE_THE_ANSWER ->
          store(batch).then(Mono.error(new IllegalStateException("scripted loss of the answer")));
      case HANG -> Mono.never();
    };
  }

  private synchronized Mono<Void> store(Batch batch) {
    if (batch.rows().stream().anyMatch(InMemoryEventSink::isRefused)) {
      return Mono.error(new Refused("count is not positive"));
    }
    if (tokens.add(batch.token())) {
      stored.addAll(batch.rows());
    }
    return Mono.empty();
  }

  private static boolean isRefused(Event event) {
    return event instanceof Event.Count count && count.count() <= 0;
  }

  public synchronized List<Event> stored() {
    return List.copyOf(stored);
  }

  public synchronized long rows(EnvironmentId environment) {
    return stored.stream().filter(event -> event.environment().equals(environment)).count();
  }
}
