package dev.stitchd.warehouse.export;

import dev.stitchd.delivery.EventSink;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Problem;
import dev.stitchd.warehouse.Asker;
import dev.stitchd.warehouse.EventExport;
import dev.stitchd.warehouse.clickhouse.ClickHouseClient;
import dev.stitchd.warehouse.clickhouse.ClickHouseStatement;
import dev.stitchd.warehouse.clickhouse.QueryLimits;
import dev.stitchd.warehouse.clickhouse.WarehouseSettings;
import dev.stitchd.warehouse.query.AnalyticalQueries;
import dev.stitchd.warehouse.query.ResultColumns;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Events straight from ClickHouse: bytes pass through as fast as the client takes them, and
/// nothing is kept here.
public final class ClickHouseEventExport implements EventExport {

  private static final Logger LOG = LoggerFactory.getLogger(ClickHouseEventExport.class);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

  /// More hours than a century has.
  private static final int MOST_HOURS = 1_000_000;

  /// Its client sets the pace.
  private static final QueryLimits AS_LONG_AS_IT_TAKES = QueryLimits.NONE.time(Duration.ZERO);

  private static final Map<String, String> FORMAT_SETTINGS =
      Map.of(
          "date_time_output_format", "iso",
          "prefer_column_name_to_alias", "1",
          "output_format_json_quote_64bit_integers", "0",
          "output_format_parquet_string_as_string", "1",
          "format_csv_null_representation", "");

  private final AnalyticalQueries queries;
  private final ClickHouseClient clickHouse;
  private final ExportSlots slots;
  private final ExportMeters meters;
  private final WarehouseSettings settings;

  public ClickHouseEventExport(
      AnalyticalQueries queries,
      ClickHouseClient clickHouse,
      ExportSlots slots,
      ExportMeters meters,
      WarehouseSettings settings) {
    this.queries = queries;
    this.clickHouse = clickHouse;
    this.slots = slots;
    this.meters = meters;
    this.settings = settings;
  }

  @Override
  public Flux<ByteBuf> bytes(Wanted wanted) {
    return Flux.deferContextual(context ->
            Flux.using(
                () -> slots.take(Asker.in(context)),
                _ -> sliced(wanted),
                ExportSlots.Slot::release))
        .onErrorMap(e -> !(e instanceof Problem), ClickHouseEventExport::failed)
        .doOnNext(meters::passed)
        .doOnComplete(meters::ended)
        .doOnError(meters::failed);
  }

  private Flux<ByteBuf> sliced(Wanted wanted) {
    return hours(wanted)
        .map(hours -> slices(wanted, hours))
        .flatMapMany(slices ->
            Flux.fromIterable(slices)
                .concatMap(slice -> slice(wanted, slice, slice.equals(slices.getFirst())), 0));
  }

  private Mono<List<ExportSlices.Hour>> hours(Wanted wanted) {
    var parameters =
        Map.<String, Object>of(
            "environment",
            wanted.environment().toString(),
            "since",
            wanted.from().truncatedTo(ChronoUnit.HOURS).getEpochSecond(),
            "until",
            wanted.to().getEpochSecond() + 1,
            "most",
            MOST_HOURS);
    return queries.ask(
        ExportRows.hours(wanted.kind()),
        parameters,
        row ->
            new ExportSlices.Hour(
                Instant.ofEpochSecond(ResultColumns.number(row, 0)), ResultColumns.number(row, 1)));
  }

  private List<ExportSlices.Slice> slices(Wanted wanted, List<ExportSlices.Hour> hours) {
    if (wanted.format().isSliced()) {
      return ExportSlices.of(
          begin(wanted, hours), end(wanted, hours), hours, settings.exportSlice());
    }
    long rows = hours.stream().mapToLong(ExportSlices.Hour::rows).sum();
    if (rows > settings.parquetRows()) {
      var errors = new FieldErrors();
      errors.add(
          "format",
          "is one piece, and this would be %d events of at most %d; ask for a shorter time, or for csv or ndjson"
              .formatted(rows, settings.parquetRows()));
      errors.throwIfAny();
    }
    return List.of(new ExportSlices.Slice(begin(wanted, hours), end(wanted, hours)));
  }

  /// Of the ids' times.
  private static Instant begin(Wanted wanted, List<ExportSlices.Hour> hours) {
    return hours.isEmpty() ? wanted.from() : hours.getFirst().start();
  }

  private static Instant end(Wanted wanted, List<ExportSlices.Hour> hours) {
    return hours.isEmpty() ? wanted.to() : hours.getLast().start().plus(1, ChronoUnit.HOURS);
  }

  private Flux<ByteBuf> slice(Wanted wanted, ExportSlices.Slice slice, boolean first) {
    return Flux.defer(() -> {
      var end = new ExportEnd(wanted.format());
      return clickHouse.stream(statement(wanted, slice, first))
          .doOnNext(end::note)
          .concatWith(Mono.defer(() -> end.isWhole() ? Mono.empty() : Mono.error(cutOff())));
    });
  }

  private static ClickHouseStatement statement(
      Wanted wanted, ExportSlices.Slice slice, boolean first) {
    var format = wanted.format();
    return ClickHouseStatement.of(
            ExportRows.slice(wanted.kind(), format) + "FORMAT " + format.inClickHouse(first))
        .within(AS_LONG_AS_IT_TAKES)
        .with(FORMAT_SETTINGS)
        .with(
            Map.of(
                "param_environment", wanted.environment().toString(),
                "param_begin", Long.toString(wanted.from().toEpochMilli()),
                "param_end", Long.toString(wanted.to().toEpochMilli()),
                "param_first", Long.toString(slice.from().toEpochMilli()),
                "param_last", Long.toString(slice.to().toEpochMilli())));
  }

  private static IOException cutOff() {
    return new IOException("ClickHouse ended its answer before its end");
  }

  private static Problem failed(Throwable failure) {
    var reason =
        failure instanceof EventSink.Failure told ? told.reason() : String.valueOf(failure);
    LOG.warn(
        "Event export: ClickHouse ended one before its end ({}); its client gets no whole file and may ask again",
        reason);
    return new Problem.Unavailable("ClickHouse did not answer", RETRY_AFTER, failure);
  }
}
