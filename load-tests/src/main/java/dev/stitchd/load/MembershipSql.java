package dev.stitchd.load;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/// `membershipsql`: the server's statement through R2DBC alone, with a pool as the server's, in
/// this process; each statement asks one question, or several `together` as the server does when
/// they come at the same time.
final class MembershipSql {

  /// As the server asks; `run-all.sh` gives the same to pgbench.
  private static final String LISTINGS =
      """
      SELECT l.segment_key, m.context_key, m.included
        FROM segment_lists l
        JOIN segment_list_members m ON m.generation = l.generation
       WHERE l.environment_id = $1 AND l.segment_key = ANY ($2) AND m.context_key = ANY ($3)\
      """;

  private final Postgres postgres;
  private final Results results;
  private final UUID environment;
  private final int lists;
  private final int users;
  private final int connections;
  private final int threads;
  private final int inFlight;
  private final int together;
  private final int warmup;
  private final int seconds;

  MembershipSql(Options options) {
    this.postgres = new Postgres(options);
    this.results = new Results(options, "membership");
    this.environment =
        UUID.fromString(
            options.text("environment", System.getenv().getOrDefault("LISTS_ENVIRONMENT", "")));
    this.lists = options.number("lists", 1);
    this.users = options.number("users", 1_000_000);
    this.connections = options.number("connections", 8);
    this.threads = options.number("threads", 2);
    this.inFlight = options.number("inflight", 32);
    this.together = options.number("together", 1);
    this.warmup = options.number("warmup", 5);
    this.seconds = options.number("seconds", 10);
    options.complete();
  }

  void run() throws IOException {
    var loops = LoopResources.create("membership", 1, threads, true, false);
    var pool = postgres.pool(connections, loops, Postgres.READER);
    try {
      var _ = ask(pool, warmup);
      var self = new ServerProcess(ProcessHandle.current().pid());
      var start = System.nanoTime();
      var cpu = self.cpuSeconds();
      var answers = ask(pool, seconds);
      results
          .put("per_second", answers / ((System.nanoTime() - start) / 1e9))
          .put("cpu_us", (self.cpuSeconds() - cpu) / answers * 1e6)
          .write();
    } finally {
      pool.dispose();
      loops.dispose();
    }
  }

  /// Keeps so many questions open for a while.
  private long ask(ConnectionPool pool, int forSeconds) {
    var end = System.nanoTime() + TimeUnit.SECONDS.toNanos(forSeconds);
    var answers = new AtomicLong();
    var members = new AtomicLong();
    Flux.range(0, inFlight)
        .flatMap(
            _ ->
                Mono.defer(() -> question(pool))
                    .doOnNext(found -> {
                      answers.addAndGet(together);
                      members.addAndGet(found);
                    })
                    .repeat(() -> System.nanoTime() < end)
                    .then(),
            inFlight)
        .then()
        .block(Duration.ofSeconds(forSeconds + 30));
    if (members.get() == 0) {
      throw new IllegalStateException("nobody is on any list");
    }
    return answers.get();
  }

  private Mono<Long> question(ConnectionPool pool) {
    return Mono.usingWhen(pool.create(), this::question, Connection::close);
  }

  private Mono<Long> question(Connection connection) {
    var chance = ThreadLocalRandom.current();
    var statement =
        connection
            .createStatement(LISTINGS)
            .bind(0, environment)
            .bind(1, lists == 1 ? some("list-", chance.ints(together, 0, 50)) : all())
            .bind(2, some("user-", chance.ints(together, 0, users)));
    return Flux.from(statement.execute())
        .concatMap(result -> result.map(row -> row.get(1, String.class)))
        .count();
  }

  private static String[] some(String prefix, IntStream numbers) {
    return numbers.mapToObj(number -> prefix + number).toArray(String[]::new);
  }

  private String[] all() {
    return IntStream.range(0, lists).mapToObj(i -> "list-" + i).toArray(String[]::new);
  }
}
