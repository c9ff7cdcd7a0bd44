package dev.stitchd.load;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/// `rolling`: N streams over two nodes, one of which is taken out, stopped (SIGTERM), started again
/// and put back, while a flag changes at a steady rate. No stream may miss a change, hear an older
/// revision, or be away for more than five seconds longer than it was told to wait.
final class Rolling {

  private static final List<String> FLAGS = List.of("f0", "f1", "f2", "f3", "f4");
  private static final int SETTLE_SECONDS = 30;
  private static final double MOST_MILLIS = 5_000;

  private final Target target;
  private final Results results;
  private final Node restarted;
  private final int clients;
  private final int changes;
  private final int rate;
  private final int threads;

  Rolling(Options options) {
    this.target = new Target(options);
    this.results = new Results(options, "rolling");
    this.restarted =
        new Node(
            options.text("other", ""), options.number("otherpid", 0), options.text("restart", ""));
    this.clients = options.number("clients", 5_000);
    this.changes = options.number("changes", 10);
    this.rate = options.number("rate", 1_500);
    this.threads = options.number("threads", 2);
    options.complete();
  }

  void run() throws InterruptedException, IOException {
    var stays = target.address();
    try (var management = target.createProject()) {
      for (var flag : FLAGS) {
        management.stringFlag(flag, 0);
      }
      var keys = management.serverKeys(Streams.keysFor(clients));
      try (var streams = new Streams(stays, keys, clients, threads)) {
        streams.goTo(List.of(stays, restarted.address()));
        streams.keepStates();
        streams.open(rate);
        streams.comeBack();
        var revision = changeUntilRestarted(management, streams);
        var current = streams.awaitAll(revision, SETTLE_SECONDS);
        var others = streams.notHolding(management.published(FLAGS));
        var away = streams.away().beyondTold();
        results
            .put("clients", clients)
            .put("changes_per_s", changes)
            .put("revision", revision)
            .put("moved", away.count())
            .put("awayBeyondTold_p50_ms", away.millis(50))
            .put("awayBeyondTold_p99_ms", away.millis(99))
            .put("awayBeyondTold_max_ms", away.millis(100))
            .put("regressions", streams.regressions())
            .put("misfits", streams.misfits())
            .put("permanentErrors", streams.permanentErrors())
            .put("notAtTheEnd", streams.notAt(revision))
            .put("notWhatTheDatabaseHas", others)
            .write();
        check(current && others == 0, "a change was lost");
        check(
            streams.regressions() + streams.misfits() + streams.permanentErrors() == 0,
            "streams went back, or were told what does not fit");
        check(away.count() >= clients / 3, "too few streams had to move");
        check(away.millis(100) <= MOST_MILLIS, "some were away for too long");
      }
    }
  }

  private long changeUntilRestarted(Management management, Streams streams)
      throws InterruptedException {
    var done = new AtomicBoolean();
    var failure = new AtomicReference<Exception>();
    var restarting =
        Thread.ofPlatform()
            .start(() -> {
              try {
                restart(streams);
              } catch (IOException | InterruptedException | IllegalStateException e) {
                failure.set(e);
              } finally {
                done.set(true);
              }
            });
    var revision = 0L;
    var start = System.nanoTime();
    for (var i = 0; !done.get(); i++) {
      var flag = FLAGS.get(i % FLAGS.size());
      revision = management.changeFlag(flag, i / FLAGS.size() % 2 == 0 ? "b" : "a");
      var next = start + TimeUnit.SECONDS.toNanos(1) * (i + 1) / changes;
      TimeUnit.NANOSECONDS.sleep(Math.max(0, next - System.nanoTime()));
    }
    restarting.join();
    if (failure.get() != null) {
      throw new IllegalStateException("the restart failed", failure.get());
    }
    return revision;
  }

  /// As a load balancer sees it: nobody new is sent to a node that will stop.
  private void restart(Streams streams) throws IOException, InterruptedException {
    TimeUnit.SECONDS.sleep(2);
    streams.goTo(List.of(target.address()));
    restarted.stop();
    var _ = restarted.start();
    streams.goTo(List.of(target.address(), restarted.address()));
    var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SETTLE_SECONDS);
    while (streams.held() < clients && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    TimeUnit.SECONDS.sleep(2);
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalStateException(otherwise + ", see above");
    }
  }
}
