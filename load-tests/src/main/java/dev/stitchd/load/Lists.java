package dev.stitchd.load;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/// `lists`: a project with many list segments, `list-0`, `list-1`, …, whose members are `user-<n>`,
/// written straight into PostgreSQL. Prints what the measurements need as lines for a shell, and
/// leaves everything where it is.
final class Lists {

  /// Each list has members that are spread over all users; 7 919 is prime, so that no user comes
  /// twice in a list.
  private static final String MEMBERS =
      """
      INSERT INTO segment_list_members (tenant_id, generation, included, context_key)
      SELECT l.tenant_id, l.generation, true, 'user-' || ((i * 7919 + l.n * 104729) % $2)
        FROM (SELECT tenant_id, generation, row_number() OVER (ORDER BY segment_key) AS n
                FROM segment_lists WHERE environment_id = $1) l, generate_series(1::bigint, $3) i
      """;

  private static final String COUNT =
      "UPDATE segment_lists SET version = version + 1, included_count = $2 WHERE environment_id = $1";

  private final Target target;
  private final Postgres postgres;
  private final int segments;
  private final int members;
  private final int users;

  Lists(Options options) {
    this.target = new Target(options);
    this.postgres = new Postgres(options);
    this.segments = options.number("segments", 50);
    this.members = options.number("members", 5_000_000);
    this.users = options.number("users", 1_000_000);
    options.complete();
  }

  @SuppressWarnings("resource") // the project is left for the measurements
  void run() {
    var management = target.createProject();
    for (var i = 0; i < segments; i++) {
      management.segment("list-" + i);
    }
    var environment = management.environmentId();
    fill(environment);
    for (var i = 0; i < segments; i++) {
      management.touchSegment("list-" + i);
    }
    System.out.println("LISTS_PROJECT=" + management.project());
    System.out.println("LISTS_ENVIRONMENT=" + environment);
    System.out.println("LISTS_KEY=" + management.serverKeys(1).getFirst());
  }

  private void fill(UUID environment) {
    var loops = LoopResources.create("lists", 1, 1, true, false);
    var pool = postgres.pool(1, loops, Map.of());
    try {
      pool.create().flatMap(connection -> fill(connection, environment)).block();
    } finally {
      pool.dispose();
      loops.dispose();
    }
  }

  private Mono<Void> fill(Connection connection, UUID environment) {
    long perList = members / segments;
    return run(connection, MEMBERS, List.of(environment, (long) users, perList))
        .then(run(connection, COUNT, List.of(environment, perList)))
        .then(run(connection, "VACUUM (ANALYZE) segment_list_members", List.of()))
        .then(run(connection, "ANALYZE segment_lists", List.of()));
  }

  private static Mono<Void> run(Connection connection, String sql, List<Object> values) {
    return Mono.defer(() -> {
      var statement = connection.createStatement(sql);
      for (var i = 0; i < values.size(); i++) {
        statement.bind(i, values.get(i));
      }
      return Mono.from(statement.execute()).flatMapMany(Result::getRowsUpdated).then();
    });
  }
}
