package dev.stitchd.warehouse.schema;

import dev.stitchd.delivery.EventKind;
import dev.stitchd.warehouse.clickhouse.ClickHouseClient;
import dev.stitchd.warehouse.clickhouse.ClickHouseStatement;
import dev.stitchd.warehouse.clickhouse.WarehouseSettings;
import java.time.Duration;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// How long events and their rollups are kept: the settings become the tables' TTL whenever the
/// schema is looked after. ClickHouse drops whole parts, so an event goes at the latest a month (a
/// partition) after its time is over.
public final class Retention {

  private final ClickHouseClient clickHouse;
  private final WarehouseSettings settings;

  public Retention(ClickHouseClient clickHouse, WarehouseSettings settings) {
    this.clickHouse = clickHouse;
    this.settings = settings;
  }

  /// Completes when every table has its TTL; the same again changes nothing.
  public Mono<Void> apply() {
    return Flux.fromArray(EventKind.values())
        .concatMap(kind -> apply(kind.table(), "toDateTime(at)", settings.eventsTtl()))
        .then(apply("evaluation_rollups", "hour", settings.rollupsKept()));
  }

  private Mono<Void> apply(String name, String time, Duration kept) {
    var table = clickHouse.tables().stored(name);
    return kept.isZero()
        ? run("ALTER TABLE " + table + " REMOVE TTL")
            .onErrorResume(Retention::hasNone, _ -> Mono.empty())
        : run(
            "ALTER TABLE %s MODIFY TTL %s + toIntervalSecond(%d)"
                .formatted(table, time, kept.toSeconds()));
  }

  private Mono<Void> run(String sql) {
    return clickHouse.servers().concatMap(one -> one.run(ClickHouseStatement.of(sql))).then();
  }

  private static boolean hasNone(Throwable failure) {
    return String.valueOf(failure.getMessage()).contains("TTL expression");
  }
}
