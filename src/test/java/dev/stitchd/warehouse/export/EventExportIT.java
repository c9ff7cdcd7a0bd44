package dev.stitchd.warehouse.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventKind;
import dev.stitchd.delivery.EventSinkContract;
import dev.stitchd.delivery.Events;
import dev.stitchd.dev.OwnClickHouse;
import dev.stitchd.dev.Stores;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.warehouse.Asker;
import dev.stitchd.warehouse.EventExport;
import dev.stitchd.warehouse.ExportFormat;
import dev.stitchd.warehouse.Warehouse;
import dev.stitchd.warehouse.clickhouse.ClickHouseStatement;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;
import tools.jackson.databind.json.JsonMapper;

class EventExportIT {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Instant NOON = Events.NOON;
  private static final Instant END = NOON.plus(Duration.ofHours(30));

  private static String postgres;
  private static Warehouse warehouse;

  @BeforeAll
  static void open() {
    postgres = Stores.shared().freshPostgres().url();
    warehouse =
        new Warehouse(
                Stores.shared().freshClickHouse().url(),
                Warehouse.postgres(postgres),
                Map.of(
                    "stitchd.warehouse.export-slice", "70",
                    "stitchd.warehouse.parquet-rows", "50000"))
            .awaitUp();
  }

  @AfterAll
  static void close() {
    warehouse.close();
  }

  private static void store(List<? extends Event> rows) {
    warehouse
        .sink()
        .write(EventSinkContract.batch(warehouse.sink(), List.copyOf(rows)))
        .as(StepVerifier::create)
        .expectComplete()
        .verify(Duration.ofSeconds(20));
  }

  private static byte[] export(EnvironmentId environment, EventKind kind, ExportFormat format) {
    return bytes(warehouse.export().bytes(wanted(environment, kind, format)));
  }

  private static EventExport.Wanted wanted(
      EnvironmentId environment, EventKind kind, ExportFormat format) {
    return new EventExport.Wanted(environment, kind, NOON, END, format);
  }

  private static byte[] bytes(Flux<ByteBuf> export) {
    var all = new ByteArrayOutputStream();
    export
        .doOnNext(bytes -> {
          var copy = new byte[bytes.readableBytes()];
          bytes.readBytes(copy).release();
          all.writeBytes(copy);
        })
        .blockLast(Duration.ofSeconds(60));
    return all.toByteArray();
  }

  /// 300 events over 30 hours, a third of them twice.
  private static List<Event.Evaluation> storedEvents(EnvironmentId environment) {
    var events = new ArrayList<Event.Evaluation>();
    for (int i = 0; i < 300; i++) {
      events.add(Events.evaluation(environment, NOON.plus(Duration.ofMinutes(6L * i)), "on"));
    }
    store(events);
    store(events.subList(100, 200));
    return events;
  }

  private static List<String> lines(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8).lines().toList();
  }

  @Test
  void everyEventIsThereOnceInEveryFormat() {
    var environment = Events.environment();
    var ids =
        storedEvents(environment).stream().map(event -> event.id().toString()).sorted().toList();
    store(Events.evaluations(Events.environment(), 5));

    var ndjson = lines(export(environment, EventKind.EVALUATION, ExportFormat.NDJSON));
    assertThat(ndjson.stream().map(line -> JSON.readTree(line).path("id").asString()).sorted())
        .isEqualTo(ids);
    var csv = lines(export(environment, EventKind.EVALUATION, ExportFormat.CSV));
    assertThat(csv.getFirst())
        .isEqualTo(
            "\"id\",\"at\",\"receivedAt\",\"flag\",\"variant\",\"ruleId\",\"reason\",\"contextType\",\"contextKey\",\"attributes\",\"source\"");
    assertThat(csv.stream().skip(1).map(line -> line.substring(1, 37)).sorted()).isEqualTo(ids);
    var parquet = export(environment, EventKind.EVALUATION, ExportFormat.PARQUET);
    assertThat(warehouse.ofParquet(parquet, "id").stream().sorted()).isEqualTo(ids);
  }

  @Test
  void everyFieldLeavesAsItCame() {
    var environment = Events.environment();
    var event = Events.evaluation(environment, NOON.plusMillis(123), "o\"n,\n");
    store(List.of(event));
    var expected =
        """
        {"id":"%s","at":"2026-10-15T12:00:00.123Z","receivedAt":"2026-10-15T12:00:00.130Z","flag":"checkout","variant":"o\\"n,\\n","ruleId":"eu","reason":"SPLIT","contextType":"user","contextKey":"%s","attributes":{"plan":"pro"},"source":"server_sdk"}
        """
            .formatted(event.id(), event.contextKey());
    assertThat(export(environment, EventKind.EVALUATION, ExportFormat.NDJSON))
        .asString(StandardCharsets.UTF_8)
        .isEqualTo(expected);
    assertThat(export(environment, EventKind.EVALUATION, ExportFormat.CSV))
        .asString(StandardCharsets.UTF_8)
        .endsWith(
            "\"%s\",\"2026-10-15T12:00:00.123Z\",\"2026-10-15T12:00:00.130Z\",\"checkout\",\"o\"\"n,\n\",\"eu\",\"SPLIT\",\"user\",\"%s\",\"{\"\"plan\"\":\"\"pro\"\"}\",\"server_sdk\"\n"
                .formatted(event.id(), event.contextKey()));
  }

  @Test
  void inCsvNoTextIsAFormulaAndNumbersStayNumbers() {
    var environment = Events.environment();
    var texts = List.of("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'x", " =1", "a=1", "");
    store(texts.stream().map(text -> Events.evaluation(environment, NOON, text)).toList());
    store(List.of(Events.track(environment, NOON, -49.5)));
    var csv =
        new String(
            export(environment, EventKind.EVALUATION, ExportFormat.CSV), StandardCharsets.UTF_8);
    for (var text : texts) {
      var cell =
          "=+-@\t\r".contains(text.isEmpty() ? "x" : text.substring(0, 1)) ? "'" + text : text;
      assertThat(csv).contains("\"checkout\",\"" + cell + "\",\"eu\"");
    }
    assertThat(lines(export(environment, EventKind.TRACK, ExportFormat.CSV)).getLast())
        .contains(",-49.5,");
    var ndjson = lines(export(environment, EventKind.EVALUATION, ExportFormat.NDJSON));
    assertThat(ndjson.stream().map(line -> JSON.readTree(line).path("variant").asString()))
        .containsExactlyInAnyOrderElementsOf(texts);
  }

  @Test
  void tracksAndCountsHaveFieldsOfTheirOwn() {
    var environment = Events.environment();
    store(List.of(Events.track(environment, NOON, 49.9)));
    store(List.of(Events.count(environment, NOON, 1_200)));
    var track = JSON.readTree(export(environment, EventKind.TRACK, ExportFormat.NDJSON));
    assertThat(track.path("event").asString()).isEqualTo("purchase");
    assertThat(track.path("value").asDouble()).isEqualTo(49.9);
    assertThat(track.path("properties").asString()).isEqualTo("{\"currency\":\"EUR\"}");
    var count = JSON.readTree(export(environment, EventKind.COUNT, ExportFormat.NDJSON));
    assertThat(count.path("count").asLong()).isEqualTo(1_200);
    for (var kind : List.of(EventKind.TRACK, EventKind.COUNT)) {
      assertThat(lines(export(environment, kind, ExportFormat.CSV))).hasSize(2);
      assertThat(warehouse.ofParquet(export(environment, kind, ExportFormat.PARQUET), "id"))
          .hasSize(1);
    }
  }

  @Test
  void nothingHasAFormToo() {
    var nobody = Events.environment();
    assertThat(export(nobody, EventKind.EVALUATION, ExportFormat.NDJSON)).isEmpty();
    assertThat(lines(export(nobody, EventKind.EVALUATION, ExportFormat.CSV))).hasSize(1);
    assertThat(export(nobody, EventKind.EVALUATION, ExportFormat.PARQUET))
        .asString(StandardCharsets.ISO_8859_1)
        .startsWith("PAR1")
        .endsWith("PAR1");
  }

  @Test
  void parquetThatWouldBeTooLargeIsRefused() {
    var environment = Events.environment();
    for (int i = 0; i < 6; i++) {
      store(Events.evaluations(environment, 10_000));
    }
    assertThatThrownBy(() -> export(environment, EventKind.EVALUATION, ExportFormat.PARQUET))
        .isInstanceOfSatisfying(
            Problem.Invalid.class,
            problem -> assertThat(problem.errors().getFirst().path()).isEqualTo("format"));
  }

  @Test
  void onlySoManyRunAtOnceOfATenantAndInAllAndCancelledOnesEndInClickHouseToo() {
    var environment = Events.environment();
    for (int i = 0; i < 10; i++) {
      store(Events.evaluations(environment, 10_000));
    }
    var wanted = wanted(environment, EventKind.EVALUATION, ExportFormat.NDJSON);
    var before = Seen.of(warehouse);
    var held = new ArrayList<Stalled>();
    for (int i = 0; i < 2; i++) {
      var stalled = new Stalled();
      var tenant = Asker.of(new TenantId(UUID.randomUUID()));
      warehouse.export().bytes(wanted).contextWrite(tenant).subscribe(stalled);
      held.add(stalled);
      stalled.awaitFirst();
      assertRefused(
          warehouse.export().bytes(wanted).contextWrite(tenant),
          i == 0 ? "this tenant has 1 exports running" : "this server runs 2 exports");
    }
    assertThat(Seen.of(warehouse).running()).isEqualTo(2);
    assertRefused(warehouse.export().bytes(wanted), "this server runs 2 exports");
    held.forEach(BaseSubscriber::cancel);
    Warehouse.await(() -> running(environment) == 0, Duration.ofSeconds(10));
    assertThat(Seen.of(warehouse))
        .as("what was given up has neither ended nor failed")
        .returns(0.0, Seen::running)
        .returns(before.ended(), Seen::ended)
        .returns(before.failed(), Seen::failed)
        .returns(before.refused() + 3, Seen::refused);
    double read = Seen.of(warehouse).read();
    var all = bytes(warehouse.export().bytes(wanted));
    assertThat(lines(all)).hasSize(100_000);
    assertThat(Seen.of(warehouse))
        .returns(before.ended() + 1, Seen::ended)
        .returns(read + all.length, Seen::read);
  }

  private static void assertRefused(Flux<ByteBuf> export, String detail) {
    export
        .as(StepVerifier::create)
        .expectErrorSatisfies(e ->
            assertThat(e)
                .hasMessageContaining(detail)
                .isInstanceOfSatisfying(
                    Problem.TooMany.class,
                    refused -> assertThat(refused.retryAfter()).isEqualTo(Duration.ofSeconds(10))))
        .verify(Duration.ofSeconds(10));
  }

  /// What the meters say.
  private record Seen(double running, double ended, double failed, double refused, double read) {

    static Seen of(Warehouse warehouse) {
      return new Seen(
          warehouse.meters().get("stitchd.exports.running").gauge().value(),
          count(warehouse, "ended"),
          count(warehouse, "failed"),
          count(warehouse, "refused"),
          count(warehouse, "read"));
    }

    private static double count(Warehouse warehouse, String what) {
      return warehouse.meters().get("stitchd.exports." + what).counter().count();
    }
  }

  private static long running(EnvironmentId environment) {
    return warehouse.number(
        "SELECT count() FROM system.processes WHERE query LIKE '%JSONEachRow%' AND query NOT LIKE '%system.processes%' AND Settings['param_environment'] = '"
            + environment
            + "'");
  }

  @Test
  void outageBeforeTheFirstByteIsAProblemAndAfterItAnError() {
    try (var own = OwnClickHouse.started();
        var there =
            new Warehouse(own.freshDatabase().url(), Warehouse.postgres(postgres)).awaitUp()) {
      var environment = Events.environment();
      for (int i = 0; i < 20; i++) {
        there
            .sink()
            .write(EventSinkContract.batch(there.sink(), Events.evaluations(environment, 10_000)))
            .block(Duration.ofSeconds(20));
      }
      var wanted = wanted(environment, EventKind.EVALUATION, ExportFormat.NDJSON);
      var stalled = new Stalled();
      there.export().bytes(wanted).subscribe(stalled);
      stalled.awaitFirst();
      own.kill();
      stalled.request(Long.MAX_VALUE);
      assertThat(stalled.awaitEnd()).as("how a cut export ends").isNotNull();
      there
          .export()
          .bytes(wanted)
          .as(StepVerifier::create)
          .expectError(Problem.Unavailable.class)
          .verify(Duration.ofSeconds(20));
      assertThat(Seen.of(there)).returns(2.0, Seen::failed).returns(0.0, Seen::ended);
    }
  }

  /// What ClickHouse puts behind rows when it fails half way.
  @Test
  void errorBehindRowsIsNotAnEnd() {
    for (var format : ExportFormat.values()) {
      var end = new ExportEnd(format);
      assertThat(end.isWhole()).isEqualTo(format != ExportFormat.PARQUET);
      note(end, "{\"a\":\"b\"}\n\"c\"\n");
      note(end, "Code: 241. DB::Exception: Memory limit exceeded (MEMORY_LIMIT_EXCEEDED)\n");
      assertThat(end.isWhole()).as(format + " with an error").isFalse();
      for (var piece : format.ending().split("")) {
        note(end, piece);
      }
      assertThat(end.isWhole()).as(format + " to its end").isTrue();
    }
  }

  private static void note(ExportEnd end, String text) {
    end.note(Unpooled.copiedBuffer(text, StandardCharsets.UTF_8));
  }

  @Test
  void exportThatClickHouseBreaksOffIsAnError() {
    var environment = Events.environment();
    for (int i = 0; i < 10; i++) {
      store(Events.evaluations(environment, 10_000));
    }
    var parameters = Map.of("param_environment", environment.toString(), "max_block_size", "1000");
    var text =
        warehouse.clickHouse().stream(
                ClickHouseStatement.of(
                        "SELECT toString(id), throwIf(number = 90000), toString(source) FROM (SELECT id, source, rowNumberInAllBlocks() AS number FROM evaluation_events WHERE environment_id = {environment:UUID}) FORMAT CSV")
                    .with(parameters))
            .map(bytes -> {
              var piece = bytes.toString(StandardCharsets.UTF_8);
              bytes.release();
              return piece;
            })
            .materialize()
            .collectList()
            .block(Duration.ofSeconds(30));
    assertThat(text.getLast().isOnError()).isTrue();
    assertThat(text.stream().limit(3).map(String::valueOf).collect(Collectors.joining()))
        .isNotEmpty();
  }

  /// Takes one piece, and then nothing until told.
  private static final class Stalled extends BaseSubscriber<ByteBuf> {

    private final CountDownLatch first = new CountDownLatch(1);
    private final CompletableFuture<Throwable> end = new CompletableFuture<>();

    @Override
    protected void hookOnSubscribe(Subscription subscription) {
      request(1);
    }

    @Override
    protected void hookOnNext(ByteBuf bytes) {
      bytes.release();
      first.countDown();
    }

    @Override
    protected void hookOnError(Throwable failure) {
      end.complete(failure);
      first.countDown();
    }

    @Override
    protected void hookOnComplete() {
      end.complete(null);
    }

    void awaitFirst() {
      try {
        assertThat(first.await(20, TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      assertThat(end).as("an export that goes on").isNotDone();
    }

    Throwable awaitEnd() {
      return end.orTimeout(30, TimeUnit.SECONDS).join();
    }
  }
}
