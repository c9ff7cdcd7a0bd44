package dev.stitchd.stream;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.propagation.Deliveries;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.Snapshot;
import io.micrometer.core.instrument.Timer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;

/// The streams of one environment on one event loop. A change is one task: it goes through them
/// all, and those that stand at the same place are written the same bytes. Confined to its loop but
/// for [#changed], [#deleted] and [#failed].
final class EnvironmentStreams {

  private static final Logger LOG = LoggerFactory.getLogger(EnvironmentStreams.class);

  private record Arrival(Snapshot snapshot, Timer.Sample since) {}

  private static final class Watch {
    private final Disposable watching;
    private int streams;

    private Watch(Disposable watching) {
      this.watching = watching;
    }
  }

  private final EnvironmentId environment;
  private final LoopStreams loop;
  private final StreamEngine engine;
  private final StreamMeters meters;
  private final Chunks chunks;
  private final List<LiveStream> streams = new ArrayList<>();
  private final Map<UUID, Watch> keys = new HashMap<>();
  private final AtomicReference<@Nullable Arrival> arrived = new AtomicReference<>();
  private @Nullable Snapshot newest;
  private Disposable following = Disposables.disposed();

  EnvironmentStreams(EnvironmentId environment, LoopStreams loop, StreamEngine engine) {
    this.environment = environment;
    this.loop = loop;
    this.engine = engine;
    this.meters = engine.meters();
    this.chunks = new Chunks(engine.allocator());
  }

  EnvironmentId environment() {
    return environment;
  }

  /// Begins to follow the environment.
  void open() {
    following = engine.follow(this);
  }

  /// Takes a stream in and brings it to where the environment is, if that is known already.
  void add(LiveStream stream) {
    stream.index = streams.size();
    streams.add(stream);
    keys.computeIfAbsent(
            stream.caller().keyId(), _ -> new Watch(engine.watch(stream.caller(), this, loop)))
        .streams++;
    advance(); // to what has arrived, so that nobody begins with anything older
    if (newest == null) {
      loop.noteFlush(stream, stream.flush());
    } else {
      advance(stream);
    }
  }

  void remove(LiveStream stream) {
    var last = streams.removeLast();
    if (last != stream) {
      streams.set(stream.index, last);
      last.index = stream.index;
    }
    loop.remove(stream);
    if (stream.sent() != Deliveries.NOWHERE) {
      engine.deliveries().ended(environment, stream.sent(), 1);
    }
    var watch = keys.get(stream.caller().keyId());
    if (watch != null && --watch.streams == 0) {
      watch.watching.dispose();
      keys.remove(stream.caller().keyId());
    }
    if (streams.isEmpty()) {
      loop.remove(this);
      following.dispose();
      chunks.clear();
    }
  }

  /// Notes that a stream is no longer behind.
  void caughtUp(LiveStream stream) {
    loop.caughtUp(stream);
  }

  /// A newer snapshot; from any thread. Those that come before the loop has time for them become
  /// one.
  void changed(Snapshot snapshot) {
    if (arrived.getAndSet(new Arrival(snapshot, meters.start())) == null) {
      loop.execute(this::advance);
    }
  }

  /// The environment is gone; from any thread.
  void deleted() {
    loop.execute(() -> finish(Frame.Reason.ENVIRONMENT_DELETED));
  }

  /// The environment cannot be followed; from any thread.
  void failed(Throwable failure) {
    if (failure instanceof Problem.NotFound) {
      deleted();
    } else {
      LOG.warn(
          "Streams: changes of environment {} are not heard of, so its streams are closed and clients connect again: {}",
          environment,
          failure.toString());
      loop.execute(() -> List.copyOf(streams).forEach(LiveStream::cut));
    }
  }

  /// A key is valid no longer; on the loop.
  void revoked(UUID key) {
    for (var stream : List.copyOf(streams)) {
      if (stream.caller().keyId().equals(key)) {
        var _ = stream.finish(engine.goodbye(Frame.Reason.KEY_REVOKED));
      }
    }
  }

  /// Everybody here, at this moment.
  List<LiveStream> all() {
    return List.copyOf(streams);
  }

  /// Counts a goodbye that was written.
  void countGoodbye(Frame goodbye) {
    meters.written(goodbye);
  }

  /// Brings one stream to where the environment is, when it is its turn.
  void advance(LiveStream stream) {
    var to = newest;
    if (to == null || waits(stream, to)) {
      loop.noteFlush(stream, stream.flush());
    } else {
      send(stream, to);
    }
  }

  private void send(LiveStream stream, Snapshot to) {
    var from = stream.content().at();
    var frame = stream.content().advance(to);
    if (frame != null) {
      stream.write(frame, chunks.of(frame).retainedDuplicate());
      written(frame, from, to, 1);
    }
    boolean took = stream.flush();
    loop.noteFlush(stream, took);
    if (took) {
      sent(stream);
    }
  }

  /// Whether what a stream is to be told waits for its turn, which then comes.
  private boolean waits(LiveStream stream, Snapshot to) {
    if (stream.waitsForTurn()) {
      return true;
    }
    var delay = stream.content().delay(to);
    if (delay.isZero()) {
      return false;
    }
    stream.waitsForTurn(true);
    loop.later(delay, () -> turn(stream));
    return true;
  }

  private void turn(LiveStream stream) {
    var to = newest;
    stream.waitsForTurn(false);
    if (to != null
        && !stream.isOver()
        && !stream.isBehind()) { // who is behind waits for another turn
      send(stream, to);
    }
  }

  /// Notes that a client has taken everything that it was written.
  void sent(LiveStream stream) {
    var at = stream.content().at();
    if (at != null && at.revision() != stream.sent() && !stream.isOver()) {
      engine.deliveries().sent(environment, stream.sent(), at.revision(), 1);
      stream.sent(at.revision());
    }
  }

  private void advance() {
    var arrival = arrived.getAndSet(null);
    if (arrival == null) {
      return;
    }
    newest = arrival.snapshot;
    chunks.clear();
    new FanOut(arrival.snapshot).run();
    meters.fannedOut(arrival.since);
  }

  /// Counts what was written to streams that stood at one place.
  private void written(Frame frame, @Nullable Cursor from, Snapshot to, int times) {
    meters.written(frame, times);
    if (from != null && from.isOfHistory(to.cursor()) && to.revision() - from.revision() > 1) {
      meters.conflated(times);
    }
  }

  private void finish(Frame.Reason reason) {
    for (var stream : List.copyOf(streams)) {
      var _ = stream.finish(engine.goodbye(reason));
    }
  }

  /// One change to everybody. Most stand at the same place, so what the one before was written is
  /// remembered.
  private final class FanOut {

    private final Snapshot to;
    private @Nullable Cursor from;
    private @Nullable Cursor there;
    private @Nullable Frame frame;
    private int same;
    private int took;
    private int skipped;

    private FanOut(Snapshot to) {
      this.to = to;
    }

    private void run() {
      // from the end, since a stream that breaks while it is written to is replaced by the last one
      for (int i = streams.size() - 1; i >= 0; i--) {
        var stream = streams.get(i);
        if (stream.isBehind()) {
          skipped++;
        } else {
          move(stream);
        }
      }
      count();
      meters.skipped(skipped);
    }

    private void move(LiveStream stream) {
      var at = stream.content().at();
      if (at == null && waits(stream, to)) {
        return;
      }
      if (at == null || !at.equals(from)) {
        count();
        from = at;
        frame = stream.content().advance(to);
        there = stream.content().at();
      } else if (there != null) {
        stream.content().move(there);
      }
      var bytes = frame;
      if (bytes != null) {
        same++;
        stream.write(bytes, chunks.of(bytes).retainedDuplicate());
        boolean all = stream.flush();
        loop.noteFlush(stream, all);
        if (all && there != null && !stream.isOver()) {
          took++;
          stream.sent(to.revision());
        }
      }
    }

    private void count() {
      var written = frame;
      if (written != null) {
        written(written, from, to, same);
      }
      if (took > 0) {
        long before = from == null ? Deliveries.NOWHERE : from.revision();
        engine.deliveries().sent(environment, before, to.revision(), took);
      }
      same = 0;
      took = 0;
    }
  }
}
