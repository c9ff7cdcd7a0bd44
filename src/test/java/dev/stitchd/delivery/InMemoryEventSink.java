package dev.stitchd.delivery;

import dev.stitchd.kernel.EnvironmentId;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import reactor.core.publisher.Mono;

/// An event store in memory that behaves as [EventSinkContract] says, and can be made to fail.
public final class InMemoryEventSink implements EventSink {

  /// What the next writes do.
  public enum Mode {
    STORE,
    /// Stores nothing and says so.
    OUT,
    /// Stores, and the answer is lost.
    STORE_AND_LOSE_THE_ANSWER,
    /// Stores, and cannot tell that it came late.
    STORE_AND_NOT_TELL,
    /// Never answers.
    HANG
  }

  private final List<Event> stored = new ArrayList<>();
  private final Set<String> tokens = new HashSet<>();

  /// What each encoded row was.
  private final Map<UUID, Event> encoded = new ConcurrentHashMap<>();

  public final List<EncodedBatch> attempts = new CopyOnWriteArrayList<>();
  public final AtomicInteger running = new AtomicInteger();
  public final AtomicInteger mostRunning = new AtomicInteger();
  public volatile Mode mode = Mode.STORE;

  /// A token whose batches are not taken, whatever `mode` says.
  public volatile String refuseForNow = "";

  /// What the nth write does, counted from one; by default whatever `mode` says at that moment.
  public volatile IntFunction<Mode> script = _ -> mode;

  @Override
  public Mono<Void> write(EncodedBatch batch) {
    return Mono.defer(() -> now(batch))
        .doOnSubscribe(_ -> mostRunning.accumulateAndGet(running.incrementAndGet(), Math::max))
        .doFinally(_ -> running.decrementAndGet());
  }

  /// Environment and id, and nothing else: the events themselves stay in this memory.
  @Override
  public EncodedBatch encode(String token, EventKind kind, List<Event> events) {
    int width = 4 * Long.BYTES;
    var ends = new int[events.size()];
    var data = ByteBuffer.allocate(width * ends.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < ends.length; i++) {
      var event = events.get(i);
      encoded.put(event.id(), event);
      for (var uuid : List.of(event.environment().value(), event.id())) {
        data.putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits());
      }
      ends[i] = data.position();
    }
    return new EncodedBatch(
        token, kind.table(), List.of("environment_id", "id"), 1, ends, data.array());
  }

  public List<Event> events(EncodedBatch batch) {
    return IntStream.range(0, batch.rows()).mapToObj(row -> encoded.get(batch.id(row))).toList();
  }

  private Mono<Void> now(EncodedBatch batch) {
    attempts.add(batch);
    var mode = batch.token().equals(refuseForNow) ? Mode.OUT : script.apply(attempts.size());
    return as(mode, batch.token(), events(batch));
  }

  private Mono<Void> as(Mode mode, String token, List<Event> rows) {
    return switch (mode) {
      case STORE -> store(token, rows);
      case OUT -> Mono.error(new Unavailable("scripted outage"));
      case STORE_AND_LOSE_THE_ANSWER ->
          store(token, rows)
              .then(Mono.error(new IllegalStateException("scripted loss of the answer")));
      case STORE_AND_NOT_TELL ->
          store(token, rows)
              .then(Mono.error(new Untold(new IllegalStateException("scripted silence"))));
      case HANG -> Mono.never();
    };
  }

  private synchronized Mono<Void> store(String token, List<Event> rows) {
    if (rows.stream().anyMatch(InMemoryEventSink::isRefused)) {
      return Mono.error(new Refused("count is not positive"));
    }
    if (tokens.add(token)) {
      stored.addAll(rows);
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
