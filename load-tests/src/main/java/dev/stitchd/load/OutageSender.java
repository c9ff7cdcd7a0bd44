package dev.stitchd.load;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// Posts numbered blocks of events at a pace, through whatever happens, each again with the same
/// ids until it is acknowledged. What was acknowledged are the blocks from 1 to [#blocks()] once
/// [#finish] has returned. Posts that are late follow at once until the pace is kept again.
final class OutageSender {

  /// What the stores are doing when an answer arrives.
  enum Phase {
    BEFORE,
    OUTAGE,
    REPLAY,
    AFTER
  }

  private static final Duration PATIENCE = Duration.ofSeconds(15);
  private static final long PAUSE_MILLIS = 300;

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(2))
          .build();
  private final URI events;
  private final String key;
  private final int batch;
  private final long period;
  private final long start = System.nanoTime();
  private final AtomicLong taken = new AtomicLong();
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong repeated = new AtomicLong();
  private final Map<Phase, LongList> latencies = new EnumMap<>(Phase.class);
  private final List<Thread> threads = new ArrayList<>();
  private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
  private volatile Phase phase = Phase.BEFORE;
  private volatile boolean over;

  /// Begins at once.
  ///
  /// @param rate events per second
  OutageSender(String url, String key, int batch, int rate, int connections) {
    this.events = URI.create(url + "/sdk/v1/events");
    this.key = key;
    this.batch = batch;
    this.period = Math.round(1e9 * batch / rate);
    for (var phase : Phase.values()) {
      latencies.put(phase, new LongList());
    }
    for (var i = 0; i < connections; i++) {
      var bodies = new EventBatches(batch, i);
      threads.add(Thread.ofPlatform().start(() -> send(bodies)));
    }
  }

  void phase(Phase now) {
    phase = now;
  }

  long blocks() {
    return taken.get();
  }

  long acknowledged() {
    return acknowledged.get();
  }

  /// Posts that were answered otherwise or not at all.
  long repeated() {
    return repeated.get();
  }

  Percentiles latencies(Phase of) {
    synchronized (latencies) {
      return Percentiles.of(latencies.get(of).toArray());
    }
  }

  /// Begins no more blocks and waits until the ones that were begun are acknowledged.
  void finish(Duration patience) throws InterruptedException {
    over = true;
    var end = System.nanoTime() + patience.toNanos();
    for (var thread : threads) {
      thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
    }
    if (!failures.isEmpty() || acknowledged.get() != taken.get()) {
      throw new IllegalStateException(
          "%d blocks of %d were acknowledged %s"
              .formatted(acknowledged.get(), taken.get(), failures));
    }
    http.close();
  }

  private void send(EventBatches bodies) {
    try {
      while (!over) {
        var block = taken.incrementAndGet();
        awaitTurn(block);
        var body = bodies.next(block << 16); // the position in the block is in the last four digits
        while (!isAcknowledged(body)) {
          repeated.incrementAndGet();
          Thread.sleep(PAUSE_MILLIS);
        }
        acknowledged.incrementAndGet();
      }
    } catch (InterruptedException | RuntimeException e) {
      failures.add(e.toString());
    }
  }

  private void awaitTurn(long block) throws InterruptedException {
    var wait = start + block * period - System.nanoTime();
    if (wait > 0) {
      TimeUnit.NANOSECONDS.sleep(wait);
    }
  }

  private boolean isAcknowledged(byte[] body) throws InterruptedException {
    var request =
        HttpRequest.newBuilder(events)
            .timeout(PATIENCE)
            .header("Authorization", "Bearer " + key)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofByteArray(body))
            .build();
    var began = System.nanoTime();
    try {
      return isAcknowledged(http.send(request, BodyHandlers.ofString()), began);
    } catch (IOException _) {
      return false; // nobody listens, or the answer was lost with the server
    }
  }

  private boolean isAcknowledged(HttpResponse<String> answer, long began) {
    if (answer.statusCode() == 503 || answer.statusCode() == 429) {
      return false;
    }
    if (answer.statusCode() != 202 || !answer.body().contains("\"accepted\":" + batch)) {
      throw new IllegalStateException(answer.statusCode() + " " + answer.body());
    }
    synchronized (latencies) {
      latencies.get(phase).add(System.nanoTime() - began);
    }
    return true;
  }
}
