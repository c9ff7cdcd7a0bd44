package dev.stitchd.delivery.spool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.delivery.EncodedBatch;
import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventSinkContract;
import dev.stitchd.delivery.Events;
import dev.stitchd.delivery.InMemoryEventSink;
import dev.stitchd.delivery.queue.DeliverySettings;
import dev.stitchd.delivery.queue.DeliverySettingsTest;
import dev.stitchd.delivery.queue.EnvironmentCounts;
import dev.stitchd.delivery.queue.EventCounters;
import dev.stitchd.delivery.queue.MeasuredSink;
import dev.stitchd.dev.LogLines;
import dev.stitchd.disk.DiskThread;
import dev.stitchd.disk.DurableFolder;
import dev.stitchd.kernel.Json;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;
import reactor.core.scheduler.Schedulers;
import reactor.test.scheduler.VirtualTimeScheduler;

/// Spool, replay and dead letters on a real disk, in virtual time; the sink is scripted.
class SpoolTest {

  @TempDir Path folder;

  private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
  private final InMemoryEventSink sink = new InMemoryEventSink();
  private final DeliverySettings settings = DeliverySettingsTest.bind(Map.of());
  private final List<String> tokens = new ArrayList<>();
  private final List<Event> acknowledged = new ArrayList<>();
  private Node node;

  /// What one process has.
  private final class Node {
    final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    final EventCounters account = new EventCounters(settings, meters);
    final FileSpool spool;
    final DeadLetterFiles dead;
    final Disposable replay;

    Node(Map<String, String> properties) {
      var bound = SpoolSettingsTest.bind(properties);
      var disk = new DiskThread(Schedulers.immediate());
      var spoolMeters = new SpoolMeters(meters);
      spool =
          new FileSpool(
              new SpoolFolder(new DurableFolder(made("spool"))),
              disk,
              bound,
              account,
              spoolMeters,
              clock());
      dead = new DeadLetterFiles(made("dead"), disk, bound, spoolMeters, clock());
      spool.recover();
      try {
        dead.recover();
      } catch (IOException e) {
        throw new AssertionError(e);
      }
      replay =
          new SpoolReplay(
                  spool,
                  new MeasuredSink(sink, meters),
                  dead,
                  account,
                  settings,
                  bound,
                  time,
                  new Random(1),
                  clock())
              .run()
              .subscribe();
    }

    double counter(String name) {
      return meters.get("stitchd." + name).counter().count();
    }

    double gauge(String name) {
      return meters.get("stitchd." + name).gauge().value();
    }

    void balances() {
      assertThat(counter("events.accepted") + counter("events.recovered"))
          .isEqualTo(
              counter("events.stored")
                  + counter("events.dead")
                  + gauge("events.spooled")
                  + gauge("events.in-flight"));
    }

    boolean take(List<Event> events) {
      var batch = EventSinkContract.batch(sink, events);
      var counts = EnvironmentCounts.ofEvents(events);
      assertThat(account.reserve(events.size(), events.size())).isTrue();
      account.accepted(counts);
      tokens.add(batch.token());
      boolean taken = Boolean.TRUE.equals(spool.take(batch).block());
      if (taken) {
        account.spooled(counts, events.size());
        acknowledged.addAll(events);
      } else {
        account.dead(counts, events.size()); // so that the test's books balance
      }
      return taken;
    }
  }

  private Path made(String name) {
    try {
      return Files.createDirectories(folder.resolve(name));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private Clock clock() {
    return new Clock() {
      @Override
      public ZoneId getZone() {
        return ZoneOffset.UTC;
      }

      @Override
      public Clock withZone(ZoneId zone) {
        return this;
      }

      @Override
      public Instant instant() {
        return Instant.parse("2026-10-15T12:00:00Z").plusMillis(time.now(TimeUnit.MILLISECONDS));
      }
    };
  }

  private Node start(Map<String, String> properties) {
    return node = new Node(properties);
  }

  @AfterEach
  void booksBalance() {
    node.balances();
    node.replay.dispose();
  }

  private List<String> files(String name) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(name))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static List<Event> some() {
    return Events.evaluations(Events.environment(), 10);
  }

  @Test
  void whatWaitsIsReplayedInOrderUnderItsTokens() throws IOException {
    start(Map.of());
    sink.mode = InMemoryEventSink.Mode.OUT;
    for (int i = 0; i < 4; i++) {
      assertThat(node.take(some())).isTrue();
    }
    assertThat(node.spool.isFirstChoice()).isTrue();
    assertThat(files("spool")).hasSize(4).first().isEqualTo("0000000000000000001-" + tokens.get(0));
    time.advanceTimeBy(Duration.ofSeconds(1));
    assertThat(sink.attempts).extracting(EncodedBatch::token).containsOnly(tokens.get(0));
    assertThat(node.gauge("spool.age")).isEqualTo(1);
    sink.attempts.clear();

    sink.mode = InMemoryEventSink.Mode.STORE;
    time.advanceTimeBy(settings.retryMax());

    assertThat(sink.attempts).extracting(EncodedBatch::token).isEqualTo(tokens);
    assertThat(sink.stored()).isEqualTo(acknowledged);
    assertThat(files("spool")).isEmpty();
    assertThat(node.spool.isFirstChoice()).isFalse();
    assertThat(node.gauge("spool.bytes")).isZero();
    assertThat(node.gauge("spool.age")).isZero();
    assertThat(node.counter("events.stored")).isEqualTo(40);
  }

  @Test
  void anOutageIsToldOnceAndSoIsItsEnd() {
    start(Map.of());
    try (var log = LogLines.open()) {
      sink.mode = InMemoryEventSink.Mode.OUT;
      node.take(some());
      for (int seconds = 0; seconds < 300; seconds++) {
        time.advanceTimeBy(Duration.ofSeconds(1));
      }
      assertThat(told(log))
          .singleElement()
          .asString()
          .startsWith("WARN Spool replay: ClickHouse has not taken " + folder);
      sink.mode = InMemoryEventSink.Mode.STORE;
      time.advanceTimeBy(settings.retryMax());
      assertThat(told(log))
          .last()
          .asString()
          .startsWith("INFO Spool replay: ClickHouse takes batches again");
      assertThat(told(log)).hasSize(2);
    }
  }

  /// As when ClickHouse starts a few seconds after this node.
  @Test
  void anInterruptionOfSomeSecondsIsNoOutage() {
    start(Map.of());
    try (var log = LogLines.open()) {
      sink.mode = InMemoryEventSink.Mode.OUT;
      node.take(some());
      time.advanceTimeBy(Duration.ofSeconds(9));
      sink.mode = InMemoryEventSink.Mode.STORE;
      time.advanceTimeBy(settings.retryMax());
      assertThat(sink.stored()).isEqualTo(acknowledged);
      assertThat(told(log)).isEmpty();
    }
  }

  private List<String> told(LogLines log) {
    return log.lines().stream()
        .filter(line -> !line.startsWith("DEBUG"))
        .filter(line -> line.contains("Spool replay") || line.contains("Event spool"))
        .toList();
  }

  @Test
  void longOutageAtMostMakesNeighboursChangePlaces() {
    for (int minutes = 0; minutes < 20; minutes++) {
      start(Map.of());
      tokens.clear();
      sink.mode = InMemoryEventSink.Mode.OUT;
      for (int i = 0; i < 5; i++) {
        node.take(some());
      }
      time.advanceTimeBy(Duration.ofMinutes(minutes).plusMillis(700L * minutes));
      sink.attempts.clear();
      sink.mode = InMemoryEventSink.Mode.STORE;
      time.advanceTimeBy(settings.retryMax());
      var order = sink.attempts.stream().map(EncodedBatch::token).toList();
      assertThat(order).containsExactlyInAnyOrderElementsOf(tokens);
      for (var token : tokens) {
        assertThat(order.indexOf(token) - tokens.indexOf(token)).isBetween(-1, 1);
      }
      node.replay.dispose();
    }
  }

  @Test
  void answerThatWasLostIsNoSecondCopy() {
    start(Map.of());
    sink.mode = InMemoryEventSink.Mode.STORE_AND_LOSE_THE_ANSWER;
    node.take(some());
    time.advanceTimeBy(Duration.ofSeconds(10));
    assertThat(sink.attempts).hasSizeGreaterThan(2);
    sink.mode = InMemoryEventSink.Mode.STORE;
    time.advanceTimeBy(settings.retryMax());
    assertThat(sink.stored()).isEqualTo(acknowledged);
  }

  /// As when ClickHouse is back while PostgreSQL is away.
  @Test
  void newBatchesGoToTheSinkWhileAStoredOneCannotBeTold() throws IOException {
    start(Map.of());
    sink.mode = InMemoryEventSink.Mode.OUT;
    node.take(some());
    time.advanceTimeBy(Duration.ofSeconds(5));
    assertThat(node.spool.isFirstChoice()).isTrue();
    sink.mode = InMemoryEventSink.Mode.STORE_AND_NOT_TELL;
    time.advanceTimeBy(Duration.ofSeconds(30));
    assertThat(node.spool.isFirstChoice()).isFalse();
    assertThat(files("spool")).as("until it can be told").hasSize(1);

    sink.mode = InMemoryEventSink.Mode.STORE;
    time.advanceTimeBy(Duration.ofSeconds(30));
    assertThat(files("spool")).isEmpty();
    assertThat(sink.stored()).isEqualTo(acknowledged);
  }

  @Test
  void nextProcessGoesOnWhereTheLastOneWasKilled() throws IOException {
    start(Map.of());
    sink.mode = InMemoryEventSink.Mode.OUT;
    node.take(some());
    node.take(some());
    node.replay.dispose();
    Files.write(folder.resolve("spool/0000000000000000003-half.tmp"), new byte[100]);

    start(Map.of());
    assertThat(files("spool")).hasSize(2);
    assertThat(node.counter("events.recovered")).isEqualTo(20);
    assertThat(node.gauge("events.spooled")).isEqualTo(20);
    node.take(some());
    assertThat(files("spool").getLast()).isEqualTo("0000000000000000003-" + tokens.get(2));
    sink.attempts.clear();
    sink.mode = InMemoryEventSink.Mode.STORE;
    time.advanceTimeBy(settings.retryMax());

    assertThat(sink.attempts).extracting(EncodedBatch::token).isEqualTo(tokens);
    assertThat(sink.stored()).isEqualTo(acknowledged);
    var own = node.account.of(acknowledged.getFirst().environment());
    assertThat(own.recovered()).isEqualTo(10);
    assertThat(own.stored()).isEqualTo(10);
  }

  @Test
  void fullSpoolTakesNothingMoreUntilThereIsRoom() throws IOException {
    start(Map.of("stitchd.spool.size", "1500B"));
    sink.mode = InMemoryEventSink.Mode.OUT;
    assertThat(node.take(some())).isTrue();
    assertThat(node.take(some())).isTrue();
    assertThat(node.take(some())).isFalse();
    assertThat(files("spool")).hasSize(2);
    assertThat(node.gauge("spool.bytes")).isBetween(700.0, 1500.0);
    assertThat(node.counter("spool.full")).isEqualTo(1);
    sink.mode = InMemoryEventSink.Mode.STORE;
    time.advanceTimeBy(settings.retryMax());
    assertThat(node.take(some())).isTrue();
    time.advanceTimeBy(settings.retryMax());
    assertThat(sink.stored()).isEqualTo(acknowledged).hasSize(30);
  }

  @Test
  void spoolThatCannotBeWrittenTakesNothing() throws IOException {
    start(Map.of());
    Files.delete(folder.resolve("spool")); // as a disk that is gone
    assertThat(node.take(some())).isFalse();
    assertThat(node.counter("spool.failed")).isEqualTo(1);
    assertThat(node.gauge("spool.bytes")).isZero();
    made("spool");
    assertThat(node.take(some())).isTrue();
  }

  @Test
  void damagedFileIsSetAsideAtTheStartAndTheOthersGoOn() throws IOException {
    start(Map.of());
    sink.mode = InMemoryEventSink.Mode.OUT;
    node.take(some());
    node.take(some());
    node.replay.dispose();
    var file = folder.resolve("spool").resolve(files("spool").getFirst());
    Files.write(file, java.util.Arrays.copyOf(Files.readAllBytes(file), 300));

    start(Map.of());
    assertThat(node.counter("spool.corrupt")).isEqualTo(1);
    assertThat(node.counter("events.recovered")).isEqualTo(10);
    sink.mode = InMemoryEventSink.Mode.STORE;
    time.advanceTimeBy(settings.retryMax());
    assertThat(sink.stored()).isEqualTo(acknowledged.subList(10, 20));
    assertThat(files("spool")).containsExactly(file.getFileName() + ".corrupt");
    assertThat(node.gauge("spool.bytes")).isEqualTo(300);
  }

  @Test
  void fileThatIsDamagedWhileItWaitsCountsAsDead() throws IOException {
    start(Map.of());
    sink.mode = InMemoryEventSink.Mode.OUT;
    node.take(some());
    var file = folder.resolve("spool").resolve(files("spool").getFirst());
    Files.writeString(file, "nonsense");
    time.advanceTimeBy(settings.retryMax());
    assertThat(files("spool")).containsExactly(file.getFileName() + ".corrupt");
    assertThat(node.counter("events.dead")).isEqualTo(10);
    assertThat(node.gauge("events.spooled")).isZero();
  }

  @Test
  void badRowOfASpooledBatchDiesAloneWithItsReason() throws IOException {
    start(Map.of());
    var environment = Events.environment();
    var events = new ArrayList<Event>();
    for (int i = 0; i < 10; i++) {
      events.add(Events.count(environment, Events.NOON, i == 6 ? 0 : 1));
    }
    var bad = events.get(6);
    sink.mode = InMemoryEventSink.Mode.OUT;
    node.take(events);
    sink.mode = InMemoryEventSink.Mode.STORE;
    time.advanceTimeBy(settings.retryMax());

    assertThat(sink.stored()).hasSize(9).doesNotContain(bad);
    assertThat(files("spool")).isEmpty();
    var lines = deadLines();
    assertThat(lines).hasSize(1);
    var line = Json.parseOwn(lines.getFirst());
    assertThat(line.path("id").asString()).isEqualTo(bad.id().toString());
    assertThat(line.path("environment").asString()).isEqualTo(environment.toString());
    assertThat(line.path("reason").asString()).isEqualTo("count is not positive");
    assertThat(line.path("table").asString()).isEqualTo("flag_counts");
    assertThat(line.path("columns").toString()).isEqualTo("[\"environment_id\",\"id\"]");
    assertThat(Base64.getDecoder().decode(line.path("row").asString())).hasSize(32);
    var own = node.account.of(environment);
    assertThat(own.stored()).isEqualTo(9);
    assertThat(own.dead()).isEqualTo(1);
    assertThat(own.spooled()).isZero();
  }

  private List<String> deadLines() throws IOException {
    var lines = new ArrayList<String>();
    for (var file : files("dead")) {
      lines.addAll(Files.readAllLines(folder.resolve("dead").resolve(file)));
    }
    return lines;
  }

  @Test
  void acknowledgedEventStaysInTheSpoolWhileItsDeadLetterHasNoRoom() throws IOException {
    start(Map.of("stitchd.spool.dead-size", "10B"));
    node.take(List.of(Events.count(Events.environment(), Events.NOON, 0)));
    time.advanceTimeBy(Duration.ofSeconds(30));
    assertThat(files("spool")).hasSize(1);
    assertThat(node.gauge("events.spooled")).isEqualTo(1);
    assertThat(node.counter("spool.dead.unwritten")).isPositive();
    node.replay.dispose();

    start(Map.of());
    time.advanceTimeBy(Duration.ofSeconds(5));
    assertThat(files("spool")).isEmpty();
    assertThat(deadLines()).hasSize(1);
    assertThat(node.counter("events.dead")).isEqualTo(1);
  }

  @Test
  void batchThatNeverSucceedsLetsTheOthersGo() throws IOException {
    start(Map.of());
    sink.mode = InMemoryEventSink.Mode.OUT;
    node.take(some());
    node.take(some());
    var poisoned = tokens.getFirst();
    sink.refuseForNow = poisoned;
    sink.mode = InMemoryEventSink.Mode.STORE;
    time.advanceTimeBy(Duration.ofSeconds(30));
    assertThat(sink.stored()).isEqualTo(acknowledged.subList(10, 20));
    assertThat(files("spool")).containsExactly("0000000000000000001-" + poisoned);
    node.take(some());
    time.advanceTimeBy(Duration.ofSeconds(30));
    assertThat(sink.stored()).hasSize(20);
  }

  @Test
  void deadLettersAreManyFilesAndBounded() throws IOException {
    start(Map.of("stitchd.spool.dead-size", "2000B", "stitchd.spool.dead-file-size", "800B"));
    var row = SpooledBatchTest.batch(UUID.randomUUID().toString(), 1);
    int kept = 0;
    while (Boolean.TRUE.equals(node.dead.bury(row, "because").block())) {
      kept++;
    }
    assertThat(kept).isGreaterThan(4);
    assertThat(deadLines()).hasSize(kept);
    assertThat(files("dead")).hasSizeBetween(2, 4).allMatch(name -> name.endsWith(".ndjson"));
    long size = 0;
    for (var file : files("dead")) {
      size += Files.size(folder.resolve("dead").resolve(file));
      assertThat(Files.size(folder.resolve("dead").resolve(file))).isLessThanOrEqualTo(800);
    }
    assertThat(size).isLessThanOrEqualTo(2_000);
  }
}
