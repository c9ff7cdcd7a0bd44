package dev.stitchd.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.background.RunningJob;
import dev.stitchd.delivery.Admission;
import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventQueue;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.EnvironmentSettings;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.ruleset.ErrorCode;
import dev.stitchd.ruleset.Evaluation;
import dev.stitchd.ruleset.Reason;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.ValueType;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.DerivedValues;
import dev.stitchd.snapshot.ItemHistory;
import dev.stitchd.snapshot.Snapshot;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;
import tools.jackson.databind.node.ObjectNode;

class RecorderTest {

  private static final Instant NOW = Instant.parse("2026-08-01T12:00:00.123Z");
  private static final EnvironmentId ENVIRONMENT = new EnvironmentId(new UUID(0, 2));

  private final List<Event> events = Collections.synchronizedList(new ArrayList<>());
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
  private final RandomGenerator chance = RandomGenerator.of("SplittableRandom");
  private final DecideSettings settings = new DecideSettings(Duration.ofSeconds(5), 3);
  private final EventQueue queue =
      new EventQueue() {
        @Override
        public Mono<Admission> submit(List<Event> offered) {
          return Mono.error(new UnsupportedOperationException());
        }

        @Override
        public void record(Event event) {
          events.add(event);
        }
      };
  private final EvaluationCounts tally =
      new EvaluationCounts(queue, clock, chance, settings, meters);
  private final Recorder recorder = new Recorder(queue, tally, clock, chance, meters);

  private static Snapshot snapshot(ObjectNode settings) {
    return new Snapshot(
        ENVIRONMENT,
        new TenantId(new UUID(0, 1)),
        "production",
        new Cursor("5f3a90c1", 7),
        1,
        EnvironmentSettings.of(settings),
        Ruleset.EMPTY,
        ItemHistory.EMPTY,
        new DerivedValues());
  }

  private static Evaluation given(String flag, String variant, boolean degraded) {
    return new Evaluation(
        flag,
        ValueType.BOOLEAN,
        Reason.SPLIT,
        variant,
        Json.parseOwn("true"),
        "r1",
        degraded,
        null,
        null);
  }

  private static EvaluationContext user(String key, String... hidden) {
    return new EvaluationContext(Json.object().put("targetingKey", key), Set.of(hidden));
  }

  private List<Event> flushed() {
    tally.flush();
    return List.copyOf(events);
  }

  @Test
  void singleEvaluationIsAnExposure() {
    recorder.given(snapshot(Json.object()), given("checkout", "on", false), user("u1"));
    assertThat(flushed())
        .singleElement()
        .isInstanceOfSatisfying(
            Event.Evaluation.class,
            event -> {
              assertThat(event.id().version()).isEqualTo(7);
              assertThat(event.id().variant()).isEqualTo(2);
              assertThat(event.id().getMostSignificantBits() >>> 16).isEqualTo(NOW.toEpochMilli());
              assertThat(event)
                  .isEqualTo(
                      new Event.Evaluation(
                          ENVIRONMENT,
                          event.id(),
                          NOW,
                          NOW,
                          Event.Source.STITCHD,
                          "checkout",
                          "on",
                          "r1",
                          "SPLIT",
                          "user",
                          "u1",
                          Map.of()));
            });
  }

  @Test
  void attributesAreKeptFlatAndWithoutPrivateOnes() {
    var context =
        (ObjectNode)
            Json.parseOwn(
                """
                {"targetingKey":"u1","plan":"pro","age":41,"tags":["a","b"],"email":"a@b.c","home":{"city":"Ulm","street":"x"},
                 "organization":{"key":"acme","people":[{"name":"no"}]},"nothing":null}\
                """);
    recorder.given(
        snapshot((ObjectNode) Json.parseOwn("{\"privateAttributes\":[\"home.street\"]}")),
        given("checkout", "on", false),
        new EvaluationContext(context, Set.of("email")));
    assertThat(((Event.Evaluation) events.getFirst()).attributes())
        .isEqualTo(
            Map.of(
                "plan", "pro",
                "age", "41",
                "tags", "[\"a\",\"b\"]",
                "home.city", "Ulm",
                "organization.key", "acme"));
  }

  @Test
  void degradedAndFailedEvaluationsAreNotRecorded() {
    recorder.given(snapshot(Json.object()), given("checkout", "on", true), user("u1"));
    recorder.given(
        snapshot(Json.object()),
        new Evaluation(
            "nothing", null, Reason.ERROR, null, null, null, false, null, ErrorCode.FLAG_NOT_FOUND),
        user("u1"));
    recorder.givenAll(ENVIRONMENT, List.of(given("checkout", "on", true)));
    assertThat(flushed()).isEmpty();
    assertThat(meters.counter("stitchd.decide.degraded").count()).isEqualTo(2);
  }

  @Test
  void evaluationForNobodyIsACount() {
    recorder.given(
        snapshot(Json.object()), given("checkout", "on", false), EvaluationContext.EMPTY);
    assertThat(flushed()).singleElement().isInstanceOf(Event.Count.class);
  }

  @Test
  void privateTargetingKeyIsNeverInAnEvent() {
    var settings = Json.object();
    settings.putArray("privateAttributes").add("email").add("targetingKey");
    recorder.given(snapshot(settings), given("checkout", "on", false), user("secret-1"));
    recorder.given(
        snapshot(Json.object()), given("checkout", "on", false), user("secret-2", "targetingKey"));
    assertThat(flushed())
        .singleElement()
        .isInstanceOfSatisfying(Event.Count.class, count -> assertThat(count.count()).isEqualTo(2));
  }

  @Test
  void keyThatIsTooLongForAKeyIsCounted() {
    recorder.given(snapshot(Json.object()), given("checkout", "on", false), user("ä".repeat(257)));
    recorder.given(snapshot(Json.object()), given("checkout", "on", false), user("ä".repeat(256)));
    assertThat(flushed())
        .hasSize(2)
        .satisfiesExactlyInAnyOrder(
            event -> assertThat(event).isInstanceOf(Event.Count.class),
            event -> assertThat(event).isInstanceOf(Event.Evaluation.class));
  }

  @Test
  void bulkEvaluationsAreCountedPerVariantAndFlushedOnce() {
    recorder.givenAll(ENVIRONMENT, List.of(given("a", "on", false), given("b", "on", false)));
    recorder.givenAll(ENVIRONMENT, List.of(given("a", "on", false), given("b", "off", false)));
    assertThat(events).isEmpty();
    assertThat(flushed())
        .extracting(event -> (Event.Count) event)
        .extracting(event -> event.flag() + " " + event.variant() + " " + event.count())
        .containsExactlyInAnyOrder("a on 2", "b on 1", "b off 1");
    assertThat(flushed()).hasSize(3);
  }

  @Test
  void countsBeyondTheBoundAreDroppedAndSaidSo() {
    for (var variant : List.of("v1", "v2", "v3", "v4", "v1")) {
      recorder.givenAll(ENVIRONMENT, List.of(given("a", variant, false)));
    }
    assertThat(flushed()).hasSize(3);
    assertThat(meters.counter("stitchd.decide.counts.dropped").count()).isEqualTo(1);
  }

  @Test
  void concurrentCountsAndFlushesLoseNothing() {
    IntStream.range(0, 4)
        .parallel()
        .forEach(thread -> {
          for (int i = 0; i < 10_000; i++) {
            tally.add(ENVIRONMENT, "a", "on");
            if (thread == 0 && i % 100 == 0) {
              tally.flush();
            }
          }
        });
    assertThat(flushed().stream().mapToLong(event -> ((Event.Count) event).count()).sum())
        .isEqualTo(40_000);
  }

  @Test
  void countsBecomeEventsAtTheIntervalAndAtTheEnd() {
    var time = VirtualTimeScheduler.create();
    var flush = RunningJob.start(new EvaluationCountsJob(tally, settings, time), time);
    tally.add(ENVIRONMENT, "a", "on");
    time.advanceTimeBy(Duration.ofMillis(4_999));
    assertThat(events).isEmpty();
    time.advanceTimeBy(Duration.ofMillis(1));
    assertThat(events).hasSize(1);
    tally.add(ENVIRONMENT, "a", "on");
    flush.stop();
    assertThat(events).hasSize(2);
    time.advanceTimeBy(Duration.ofSeconds(20));
    assertThat(events).hasSize(2);
  }
}
