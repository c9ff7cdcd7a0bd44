package dev.stitchd.warehouse.schema;

import static java.util.Comparator.comparing;

import dev.stitchd.kernel.Json;
import dev.stitchd.warehouse.clickhouse.ClickHouseAddress;
import dev.stitchd.warehouse.clickhouse.ClickHouseClient;
import dev.stitchd.warehouse.clickhouse.ClickHouseStatement;
import java.util.Arrays;
import java.util.List;
import org.flywaydb.core.Flyway;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Brings ClickHouse's schema up to date. Flyway blocks: this class is the fence around it, and it
/// runs on the scheduler given to it and nowhere else.
public final class WarehouseMigration {

  private final ClickHouseClient clickHouse;
  private final Scheduler blocking;

  public WarehouseMigration(ClickHouseClient clickHouse, Scheduler blocking) {
    this.clickHouse = clickHouse;
    this.blocking = blocking;
  }

  /// Completes when the schema is up to date. Two nodes must not do this at once: Flyway takes no
  /// lock in ClickHouse (https://github.com/flyway/flyway-community-db-support/issues/48).
  public Mono<Void> run() {
    var cluster = clickHouse.tables().cluster();
    return cluster == null
        ? migrated(clickHouse)
        : clickHouse
            .servers()
            .concatMap(one -> tables(one).map(tables -> new Server(one, tables)))
            .collectSortedList(comparing((Server one) -> -one.tables().size()))
            .flatMap(this::all);
  }

  /// @param tables that it has, as the statements that make them
  private record Server(ClickHouseClient client, List<String> tables) {}

  /// First one that has tables already, if there is one. All others get them as they are there by
  /// now: a replica can only join a table that it makes as its shard has it.
  private Mono<Void> all(List<Server> servers) {
    var first = servers.getFirst().client();
    var others =
        Flux.fromIterable(servers)
            .skip(1)
            .map(Server::client)
            .concatMap(one ->
                tables(first)
                    .flatMapIterable(tables -> tables)
                    .concatMap(table -> one.run(ClickHouseStatement.sent(table)))
                    .then(migrated(one)));
    return migrated(first)
        .thenMany(others)
        .thenMany(Flux.fromIterable(servers).map(Server::client).concatMap(this::views))
        .then();
  }

  private Mono<Void> migrated(ClickHouseClient server) {
    return Mono.<Void>fromRunnable(() -> migrate(server.address())).subscribeOn(blocking);
  }

  private static Mono<List<String>> tables(ClickHouseClient server) {
    return server
        .ask(ClickHouseStatement.of(ClusterSchema.tablesOf(server.tables())))
        .map(answer ->
            answer.lines().map(line -> Json.parseOwn(line).path("sql").asString()).toList());
  }

  /// After all servers have their tables, so that no view is of a shard that has none.
  private Flux<Void> views(ClickHouseClient server) {
    return Flux.fromIterable(new ClusterSchema(server.tables()).views())
        .concatMap(sql -> server.run(ClickHouseStatement.of(sql)));
  }

  private void migrate(ClickHouseAddress address) {
    var configuration =
        Flyway.configure().dataSource(address.jdbcUrl(), address.user(), address.password());
    var tables = clickHouse.tables();
    if (tables.cluster() != null) {
      configuration.dataSource(
          ClusterDataSource.of(configuration.getDataSource(), new ClusterSchema(tables)));
    }
    var flyway =
        configuration
            .locations("classpath:db/migration/clickhouse")
            // the database may hold tables of others
            .baselineOnMigrate(true)
            .baselineVersion("0")
            .load();
    forgetFailures(flyway);
    var _ = flyway.migrate();
  }

  /// A migration that was cut off, as by an outage, is marked as failed and would be refused for
  /// ever; ours can run again from their beginning.
  private static void forgetFailures(Flyway flyway) {
    if (Arrays.stream(flyway.info().all()).anyMatch(info -> info.getState().isFailed())) {
      var _ = flyway.repair();
    }
  }
}
