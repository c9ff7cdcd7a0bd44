package dev.stitchd.delivery.spool;

import dev.stitchd.delivery.EncodedBatch;
import dev.stitchd.delivery.queue.EnvironmentCounts;
import dev.stitchd.delivery.queue.EventCounters;
import dev.stitchd.delivery.queue.Spool;
import dev.stitchd.disk.DiskThread;
import dev.stitchd.kernel.StartFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/// Batches on disk, one file each, bounded in bytes and never by age. Written one at a time on
/// `disk`; [SpoolReplay] takes them from the front. Safe from any thread.
final class FileSpool implements Spool {

  private static final Logger LOG = LoggerFactory.getLogger(FileSpool.class);

  private final SpoolFolder folder;
  private final DiskThread disk;
  private final SpoolSettings settings;
  private final EventCounters counters;
  private final SpoolMeters meters;
  private final Clock clock;

  /// Guarded by itself.
  private final Deque<SpoolEntry> waiting = new ArrayDeque<>();

  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong sequence = new AtomicLong();

  /// From the first batch that the sink did not take until it takes one again.
  private volatile boolean sinkIsOut;

  /// Whether the last write failed, so that a full disk is one line in the log.
  private volatile boolean failing;

  FileSpool(
      SpoolFolder folder,
      DiskThread disk,
      SpoolSettings settings,
      EventCounters counters,
      SpoolMeters meters,
      Clock clock) {
    this.folder = folder;
    this.disk = disk;
    this.settings = settings;
    this.counters = counters;
    this.meters = meters;
    this.clock = clock;
    meters.watch(this);
  }

  /// Finds what an earlier process left. Blocks; at the start, before anything is taken.
  ///
  /// @throws StartFailure if the folder cannot be read
  void recover() {
    try {
      var contents = folder.contents();
      sequence.set(contents.sequence());
      bytes.set(contents.bytes());
      for (var file : contents.files()) {
        recover(file);
      }
    } catch (IOException e) {
      throw new StartFailure("Stitchd cannot read its spool: " + e, e);
    }
    if (files() > 0) {
      LOG.info("Event spool: {} batches of {} bytes wait to be replayed", files(), bytes.get());
    }
  }

  private void recover(Path file) throws IOException {
    try {
      var found = SpoolFolder.read(file);
      var counts = EnvironmentCounts.of(found.batch());
      counters.recovered(counts);
      add(new SpoolEntry(file, Files.size(file), found.spooledAt(), counts));
    } catch (SpooledBatch.Damaged e) {
      setAside(file, e);
    }
  }

  @Override
  public Mono<Boolean> take(EncodedBatch batch) {
    return Mono.defer(() -> {
      var content = new SpooledBatch(batch, clock.instant()).bytes();
      if (bytes.addAndGet(content.length) > settings.size().toBytes()) {
        bytes.addAndGet(-content.length);
        meters.full();
        return Mono.just(false);
      }
      return disk.call(() -> write(batch, content))
          .onErrorResume(failure -> notWritten(content.length, failure));
    });
  }

  private boolean write(EncodedBatch batch, byte[] content) throws IOException {
    var file = folder.write(sequence.incrementAndGet(), batch.token(), content);
    add(new SpoolEntry(file, content.length, clock.instant(), EnvironmentCounts.of(batch)));
    sinkIsOut = true;
    failing = false;
    return true;
  }

  private Mono<Boolean> notWritten(int size, Throwable failure) {
    bytes.addAndGet(-size);
    meters.failed();
    if (!failing) {
      LOG.error(
          "Event spool: a batch could not be written to disk ({}); batches wait in memory, and when the queue is full events are refused: make room on the disk or bring ClickHouse back",
          failure.toString());
    }
    failing = true;
    return Mono.just(false);
  }

  @Override
  public boolean isFirstChoice() {
    return sinkIsOut;
  }

  /// The sink has spoken, so it may be asked first again.
  void sinkAnswers() {
    sinkIsOut = false;
  }

  /// The one whose turn it is; null if none waits.
  @Nullable SpoolEntry first() {
    synchronized (waiting) {
      return waiting.peekFirst();
    }
  }

  /// The one after it.
  @Nullable SpoolEntry second() {
    synchronized (waiting) {
      return waiting.stream().skip(1).findFirst().orElse(null);
    }
  }

  /// Lets the others go before it.
  void last(SpoolEntry spooled) {
    synchronized (waiting) {
      if (waiting.remove(spooled)) {
        waiting.addLast(spooled);
      }
    }
  }

  Mono<SpooledBatch> read(SpoolEntry spooled) {
    return disk.call(() -> SpoolFolder.read(spooled.file));
  }

  /// All of it is settled. Emits when the file is gone.
  Mono<SpoolEntry> remove(SpoolEntry spooled) {
    return disk.call(() -> {
      SpoolFolder.delete(spooled.file);
      forget(spooled);
      bytes.addAndGet(-spooled.bytes);
      return spooled;
    });
  }

  /// It cannot be read any more: keeps it for people, goes on with the others.
  Mono<SpoolEntry> setAside(SpoolEntry spooled, Throwable why) {
    return disk.call(() -> {
      setAside(spooled.file, why);
      forget(spooled);
      return spooled;
    });
  }

  private void setAside(Path file, Throwable why) throws IOException {
    meters.corrupt();
    LOG.error(
        "Event spool: {} cannot be read and is set aside as {} ({}); its events are not stored: keep the file, and see docs/operations.md",
        file,
        SpoolFolder.setAside(file),
        why.getMessage());
  }

  private void add(SpoolEntry spooled) {
    synchronized (waiting) {
      waiting.addLast(spooled);
    }
  }

  private void forget(SpoolEntry spooled) {
    synchronized (waiting) {
      waiting.remove(spooled);
    }
  }

  int files() {
    synchronized (waiting) {
      return waiting.size();
    }
  }

  long bytes() {
    return bytes.get();
  }

  long capacity() {
    return settings.size().toBytes();
  }

  /// How long the oldest has waited, in seconds; zero if none waits. Looks at all of them.
  double age() {
    var now = clock.instant();
    synchronized (waiting) {
      return waiting.stream()
          .mapToDouble(spooled -> Duration.between(spooled.since, now).toMillis() / 1_000.0)
          .max()
          .orElse(0);
    }
  }
}
