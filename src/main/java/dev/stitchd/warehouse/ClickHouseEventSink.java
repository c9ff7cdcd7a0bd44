package dev.stitchd.warehouse;

import dev.stitchd.delivery.Batch;
import dev.stitchd.delivery.EventSink;
import dev.stitchd.delivery.Parcel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;

/// Writes each batch as one insert of one block into one partition, named by its token: written
/// again, it is stored once. Rows are encoded on the subscribing thread, the rest runs on Netty's.
final class ClickHouseEventSink implements EventSink {

  /// Nothing is left to the server's or the user's profile.
  private static final Map<String, String> SETTINGS =
      Map.of(
          "async_insert", "0",
          "insert_deduplicate", "1",
          "deduplicate_blocks_in_dependent_materialized_views", "1",
          "wait_end_of_query", "1");

  private final ClickHouseHttp clickHouse;
  private final WarehouseState state;

  ClickHouseEventSink(ClickHouseHttp clickHouse, WarehouseState state) {
    this.clickHouse = clickHouse;
    this.state = state;
  }

  @Override
  public Parcel encode(Batch batch) {
    return RowBinary.encode(batch);
  }

  @Override
  public Mono<Void> write(Batch batch) {
    return write(() -> encode(batch));
  }

  @Override
  public Mono<Void> write(Parcel parcel) {
    return write(() -> parcel);
  }

  private Mono<Void> write(Supplier<Parcel> parcel) {
    return Mono.defer(() -> state.hasSchema() ? insert(parcel.get()) : Mono.error(notYet()))
        .doOnSuccess(_ -> state.takesInserts())
        .doOnError(Refused.class, _ -> state.takesInserts())
        .doOnError(Unavailable.class, this::note);
  }

  private Mono<Void> insert(Parcel parcel) {
    var parameters = new LinkedHashMap<>(SETTINGS);
    parameters.put("insert_deduplication_token", parcel.token());
    return clickHouse.run(RowBinary.insert(parcel), parameters, parcel.data());
  }

  private Unavailable notYet() {
    return new Unavailable(state.detail());
  }

  private void note(Unavailable failure) {
    if (!state.hasSchema()) {
      return;
    }
    if (Verdict.isSchemaMissing(failure)) {
      state.lacksSchema(failure.reason());
    } else {
      state.takesNoInserts(failure.reason());
    }
  }
}
