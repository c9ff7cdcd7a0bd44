package dev.stitchd.warehouse.insert;

import dev.stitchd.delivery.EncodedBatch;
import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventKind;
import dev.stitchd.delivery.EventSink;
import dev.stitchd.warehouse.clickhouse.ClickHouseClient;
import dev.stitchd.warehouse.clickhouse.ClickHouseFailures;
import dev.stitchd.warehouse.clickhouse.ClickHouseStatement;
import dev.stitchd.warehouse.clickhouse.WarehouseState;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Mono;

/// Writes each batch as one insert of one block into one partition, named by its token: written
/// again, it is stored once. Rows are encoded on the subscribing thread, the rest runs on Netty's.
public final class ClickHouseEventSink implements EventSink {

  /// Nothing is left to the server's or the user's profile.
  private static final Map<String, String> SETTINGS =
      Map.of(
          "async_insert", "0",
          "insert_deduplicate", "1",
          "deduplicate_blocks_in_dependent_materialized_views", "1",
          "wait_end_of_query", "1");

  private final ClickHouseClient clickHouse;
  private final WarehouseState state;

  public ClickHouseEventSink(ClickHouseClient clickHouse, WarehouseState state) {
    this.clickHouse = clickHouse;
    this.state = state;
  }

  @Override
  public EncodedBatch encode(String token, EventKind kind, List<Event> events) {
    return RowBinary.encode(token, kind, events);
  }

  @Override
  public Mono<Void> write(EncodedBatch batch) {
    return Mono.defer(() -> state.hasSchema() ? insert(batch) : Mono.error(notYet()))
        .doOnSuccess(_ -> state.takesInserts())
        .doOnError(Refused.class, _ -> state.takesInserts())
        .doOnError(Unavailable.class, this::note);
  }

  private Mono<Void> insert(EncodedBatch batch) {
    return clickHouse.run(
        ClickHouseStatement.of(RowBinary.insert(batch))
            .with(SETTINGS)
            .with(Map.of("insert_deduplication_token", batch.token()))
            .sending(batch.data()));
  }

  private Unavailable notYet() {
    return new Unavailable(state.detail());
  }

  private void note(Unavailable failure) {
    if (!state.hasSchema()) {
      return;
    }
    if (ClickHouseFailures.isSchemaMissing(failure)) {
      state.lacksSchema(failure.reason());
    } else {
      state.takesNoInserts(failure.reason());
    }
  }
}
