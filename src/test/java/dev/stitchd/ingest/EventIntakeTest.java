package dev.stitchd.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.boundary.ContentCoding;
import dev.stitchd.boundary.ContentCodingTest;
import dev.stitchd.delivery.Admission;
import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventQueue;
import dev.stitchd.ingest.definitions.DefinitionCache;
import dev.stitchd.ingest.definitions.DefinitionSettings;
import dev.stitchd.ingest.definitions.Registrar;
import dev.stitchd.ingest.quota.Allowance;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

class EventIntakeTest {

  private static final Instant NOW = Instant.parse("2026-10-15T12:00:00Z");
  private static final Sender SENDER = SomeSender.server(new EnvironmentId(UUID.randomUUID()));

  private final Scheduler ingest = Schedulers.newParallel("ingest-test", 1, true);
  private final List<List<Event>> offers = Collections.synchronizedList(new ArrayList<>());
  private Function<List<Event>, Mono<Admission>> answer = _ -> Mono.just(new Admission.Durable());
  private final EventQueue queue =
      new EventQueue() {
        @Override
        public Mono<Admission> submit(List<Event> events) {
          return Mono.defer(() -> {
            offers.add(events);
            return answer.apply(events);
          });
        }

        @Override
        public void record(Event event) {
          throw new AssertionError("not the server's own");
        }
      };
  private final IngestSettings settings =
      IngestSettingsTest.bind(
          Map.of(
              "stitchd.ingest.chunk-events", "10",
              "stitchd.ingest.array-size", "20000B",
              "stitchd.ingest.lines-size", "100000B",
              "stitchd.ingest.event-size", "1000B",
              "stitchd.ingest.buffered", "30000B"));
  private final BufferBudget budget = new BufferBudget(30_000);
  private final EventIntake intake =
      new EventIntake(
          queue, registrar(), budget, settings, Clock.fixed(NOW, ZoneOffset.UTC), ingest);

  private final List<String> registered = Collections.synchronizedList(new ArrayList<>());
  private Mono<Integer> registration = Mono.just(1);

  private Registrar registrar() {
    var settings = new DefinitionSettings(10, Duration.ofMillis(100), 1);
    var cache = new DefinitionCache(_ -> Mono.empty(), settings, Schedulers.parallel());
    return new Registrar(
        (_, _, keys) ->
            Mono.defer(() -> {
              registered.addAll(keys);
              return registration;
            }),
        cache,
        settings,
        Schedulers.parallel());
  }

  @AfterEach
  void nothingIsHeld() {
    assertThat(budget.taken()).isZero();
    ingest.dispose();
  }

  private static String event(UUID id) {
    return """
    {"type":"evaluation","id":"%s","at":"2026-10-15T12:00:00Z","flag":"f","variant":"on"}\
    """
        .formatted(id);
  }

  private static List<String> events(int count) {
    return IntStream.range(0, count).mapToObj(_ -> event(UUID.randomUUID())).toList();
  }

  private static byte[] array(List<String> events) {
    return events.stream().collect(Collectors.joining(",", "[", "]")).getBytes(UTF_8);
  }

  private static byte[] lines(List<String> events) {
    return (String.join("\n", events) + "\n").getBytes(UTF_8);
  }

  private Mono<IntakeResult> array(byte[] body) {
    return intake.array(Flux.just(body), ContentCoding.IDENTITY, SENDER);
  }

  private Mono<IntakeResult> lines(byte[] body) {
    return intake.lines(Flux.just(body), ContentCoding.IDENTITY, SENDER);
  }

  private static IntakeResult done(Mono<IntakeResult> admitted) {
    return admitted.block(Duration.ofSeconds(10));
  }

  @Test
  void arrayIsOfferedOnceAndWhole() {
    var admitted = done(array(array(events(100))));
    assertThat(admitted).isEqualTo(new IntakeResult(new IntakeCounts(100, 0, List.of(), 0), null));
    assertThat(offers).hasSize(1).first().satisfies(offer -> assertThat(offer).hasSize(100));
  }

  @Test
  void duplicateIdsOfARequestAreOfferedOnce() {
    var twice = events(3);
    var all = new ArrayList<>(twice);
    all.addAll(twice);
    var admitted = done(array(array(all)));
    assertThat(admitted.counts()).isEqualTo(new IntakeCounts(3, 3, List.of(), 0));
    assertThat(offers.getFirst()).hasSize(3);
  }

  @Test
  void duplicateIdsOfABodyOfLinesAreToldAcrossItsChunks() {
    var first = events(25);
    var all = new ArrayList<>(first);
    all.addAll(first);
    assertThat(done(lines(lines(all))).counts()).isEqualTo(new IntakeCounts(25, 25, List.of(), 0));
    assertThat(offers.stream().mapToInt(List::size).sum()).isEqualTo(25);
  }

  private static String track(String event) {
    return """
    {"type":"track","id":"%s","at":"2026-10-15T12:00:00Z","event":"%s"}\
    """
        .formatted(UUID.randomUUID(), event);
  }

  @Test
  void newEventsAreRegisteredOnceAndThenTaken() {
    var counts = done(array(array(List.of(track("a"), track("b"), track("a"))))).counts();
    assertThat(counts.accepted()).isEqualTo(3);
    assertThat(registered).containsExactly("a", "b");
  }

  @Test
  void eventsThatCannotBeRegisteredAreTakenAllTheSame() {
    for (var failure :
        List.<Mono<Integer>>of(Mono.error(new IllegalStateException("out")), Mono.never())) {
      registration = failure;
      assertThat(done(array(array(List.of(track("a"))))).counts().accepted()).isEqualTo(1);
    }
  }

  private Mono<IntakeResult> limited(Flux<byte[]> body, boolean lines, Allowance allowance) {
    var sender = SomeSender.limited(SENDER, allowance);
    return lines
        ? intake.lines(body, ContentCoding.IDENTITY, sender)
        : intake.array(body, ContentCoding.IDENTITY, sender);
  }

  /// Gives room to the first offers.
  private static final class First implements Allowance {
    private final AtomicInteger left;
    private final AtomicInteger back = new AtomicInteger();

    First(int offers) {
      left = new AtomicInteger(offers);
    }

    @Override
    public Mono<Grant> take(int events) {
      return Mono.fromSupplier(() ->
          left.getAndDecrement() > 0
              ? new Grant.Given()
              : new Grant.Short("enough", Duration.ofSeconds(3)));
    }

    @Override
    public void giveBack(int events) {
      back.addAndGet(events);
    }
  }

  @Test
  void arrayBeyondTheQuotaIsRefusedWhole() {
    var admitted = done(limited(Flux.just(array(events(5))), false, new First(0)));
    assertThat(admitted.counts()).isEqualTo(IntakeCounts.NOTHING);
    assertThat(admitted.stopped())
        .isInstanceOfSatisfying(
            Problem.TooMany.class,
            problem -> assertThat(problem.retryAfter()).isEqualTo(Duration.ofSeconds(3)));
    assertThat(offers).isEmpty();
  }

  @Test
  void linesBeyondTheQuotaTellWhatWasAcceptedBefore() {
    var admitted = done(limited(Flux.just(lines(events(50))), true, new First(2)));
    assertThat(admitted.counts().accepted()).isEqualTo(20);
    assertThat(admitted.stopped()).isInstanceOf(Problem.TooMany.class);
  }

  @Test
  void whatTheQueueRefusesIsNotChargedToTheQuota() {
    answer = _ -> Mono.just(new Admission.Refused(Duration.ofSeconds(2)));
    var allowance = new First(1);
    assertThat(done(limited(Flux.just(array(events(5))), false, allowance)).stopped())
        .isInstanceOf(Problem.Unavailable.class);
    assertThat(allowance.back.get()).isEqualTo(5);
  }

  @Test
  void rejectedEventsAreListedInOrderUpToALimit() {
    var limited =
        new EventIntake(
            queue,
            registrar(),
            budget,
            IngestSettingsTest.bind(
                Map.of("stitchd.ingest.rejected-listed", "3", "stitchd.ingest.chunk-events", "2")),
            Clock.fixed(NOW, ZoneOffset.UTC),
            ingest);
    var body = "{}\n" + event(UUID.randomUUID()) + "\n{}\n{}\n{}\n{}\n";
    var counts =
        done(limited.lines(Flux.just(body.getBytes(UTF_8)), ContentCoding.IDENTITY, SENDER))
            .counts();
    assertThat(counts.rejected()).extracting(ReadEvent.Rejected::index).containsExactly(0, 2, 3);
    assertThat(counts.rejectedCount()).isEqualTo(5);
    assertThat(counts.accepted()).isEqualTo(1);
  }

  @Test
  void emptyArrayIsFine() {
    assertThat(done(array("[]".getBytes(UTF_8)))).isEqualTo(IntakeResult.NOTHING);
  }

  @Test
  void eventsThatTheStoreRefusesAreRejectedWithoutItsWords() {
    var ids = List.of(UUID.randomUUID(), UUID.randomUUID(), UUID.randomUUID());
    answer = _ -> Mono.just(new Admission.Partly(Map.of(ids.get(1), "SELECT secret")));
    var counts = done(array(array(ids.stream().map(EventIntakeTest::event).toList()))).counts();
    assertThat(counts.accepted()).isEqualTo(2);
    assertThat(counts.rejected())
        .containsExactly(
            new ReadEvent.Rejected(
                1,
                ids.get(1).toString(),
                RejectionCode.REFUSED_BY_STORE,
                "the event store refuses this event"));
  }

  @Test
  void refusalAndUnknownSayWhenToComeAgain() {
    answer = _ -> Mono.just(new Admission.Refused(Duration.ofSeconds(3)));
    assertThat(done(array(array(events(2)))).stopped())
        .isInstanceOfSatisfying(
            Problem.Unavailable.class,
            problem -> assertThat(problem.retryAfter()).isEqualTo(Duration.ofSeconds(3)));
    answer = _ -> Mono.just(new Admission.Unknown(Duration.ofSeconds(4)));
    var unknown = done(array(array(events(2))));
    assertThat(unknown.counts().accepted()).isZero();
    assertThat(unknown.stopped())
        .isInstanceOfSatisfying(
            Problem.Unavailable.class,
            problem -> assertThat(problem.retryAfter()).isEqualTo(Duration.ofSeconds(4)));
  }

  @Test
  void largeArrayIsRefusedBeforeItIsRead() {
    array(array(events(500)))
        .as(StepVerifier::create)
        .expectError(Problem.TooLarge.class)
        .verify(Duration.ofSeconds(10));
    assertThat(offers).isEmpty();
  }

  @Test
  void bombIsRefusedAsTooLarge() {
    for (var coding : List.of(ContentCoding.GZIP, ContentCoding.ZSTD)) {
      var bomb = ContentCodingTest.pack(coding, new byte[100_000_000]);
      intake
          .array(Flux.just(bomb), coding, SENDER)
          .as(StepVerifier::create)
          .expectError(Problem.TooLarge.class)
          .verify(Duration.ofSeconds(10));
      assertThat(done(intake.lines(Flux.just(bomb), coding, SENDER)).stopped())
          .isInstanceOf(Problem.TooLarge.class);
    }
    assertThat(offers).isEmpty();
  }

  @Test
  void bodiesTogetherAreBoundedToo() {
    var waiting = Flux.concat(Flux.just(new byte[18_000]), Flux.never());
    var one = intake.array(waiting, ContentCoding.IDENTITY, SENDER).subscribe();
    while (budget.taken() < 18_000) {
      Thread.onSpinWait();
    }
    array(new byte[18_000])
        .as(StepVerifier::create)
        .expectError(Problem.Unavailable.class)
        .verify(Duration.ofSeconds(10));
    one.dispose(); // gives its room back
    while (budget.taken() > 0) {
      Thread.onSpinWait();
    }
    assertThat(done(array(array(events(100)))).counts().accepted()).isEqualTo(100);
  }

  @ParameterizedTest
  @EnumSource(ContentCoding.class)
  void linesAreAdmittedInChunks(ContentCoding coding) {
    var body = ContentCodingTest.pack(coding, lines(events(95)));
    var pieces = Flux.range(0, body.length).map(i -> new byte[] {body[i]});
    var admitted = done(intake.lines(pieces, coding, SENDER));
    assertThat(admitted).isEqualTo(new IntakeResult(new IntakeCounts(95, 0, List.of(), 0), null));
    assertThat(offers)
        .extracting(List::size)
        .containsExactly(10, 10, 10, 10, 10, 10, 10, 10, 10, 5);
  }

  @Test
  void refusalMidwayTellsWhatWasAcceptedAndReadsNoFurther() {
    answer =
        _ ->
            Mono.just(
                offers.size() <= 2
                    ? new Admission.Durable()
                    : new Admission.Refused(Duration.ofSeconds(2)));
    var admitted = done(lines(lines(events(500))));
    assertThat(admitted.counts().accepted()).isEqualTo(20);
    assertThat(admitted.stopped()).isInstanceOf(Problem.Unavailable.class);
    assertThat(offers.size()).isLessThan(10);
  }

  @Test
  void linesCutInTheMiddleKeepWhatWasWhole() {
    var body = lines(events(12));
    var cut = java.util.Arrays.copyOf(body, body.length - 20);
    var counts = done(lines(cut)).counts();
    assertThat(counts.accepted()).isEqualTo(11);
    assertThat(counts.rejected())
        .singleElement()
        .satisfies(item -> {
          assertThat(item.index()).isEqualTo(11);
          assertThat(item.code()).isEqualTo(RejectionCode.MALFORMED);
        });
  }

  @Test
  void packedLinesCutInTheMiddleTellWhatWasAccepted() {
    for (var coding : List.of(ContentCoding.GZIP, ContentCoding.ZSTD)) {
      var body = ContentCodingTest.pack(coding, lines(events(50)));
      var cut = java.util.Arrays.copyOf(body, body.length - 5);
      var admitted = done(intake.lines(Flux.just(cut), coding, SENDER));
      assertThat(admitted.stopped()).isInstanceOf(Problem.Malformed.class);
      assertThat(admitted.counts().accepted()).isLessThanOrEqualTo(50);
      assertThat(admitted.counts().accepted())
          .isEqualTo(offers.stream().mapToInt(List::size).sum());
      offers.clear();
    }
  }

  @Test
  void endlessLineCostsNoMemoryAndNoOtherLine() {
    var good = lines(events(2));
    var endless = Flux.range(0, 90).map(_ -> new byte[1_000]);
    var body =
        Flux.concat(Flux.just(good), endless, Flux.just("\n".getBytes(UTF_8)), Flux.just(good));
    var counts = done(intake.lines(body, ContentCoding.IDENTITY, SENDER)).counts();
    assertThat(counts.accepted() + counts.duplicates()).isEqualTo(4);
    assertThat(counts.rejected())
        .singleElement()
        .satisfies(item -> assertThat(item.code()).isEqualTo(RejectionCode.TOO_LARGE));
  }

  @Test
  void clientThatGoesAwayMidwayLeavesNothingBehind() {
    Flux<byte[]> aborted =
        Flux.concat(
            Flux.just(array(events(10))).map(whole -> java.util.Arrays.copyOf(whole, 500)),
            Flux.error(new java.io.IOException("connection reset")));
    intake
        .array(aborted, ContentCoding.IDENTITY, SENDER)
        .as(StepVerifier::create)
        .expectError(java.io.IOException.class)
        .verify(Duration.ofSeconds(10));
    assertThat(offers).isEmpty();
  }
}
