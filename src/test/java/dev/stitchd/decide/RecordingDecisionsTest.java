package dev.stitchd.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.access.SdkCaller;
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
import dev.stitchd.ruleset.Items;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.segment.MemoryMemberships;
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
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class RecordingDecisionsTest {

  private static final Ruleset RULES =
      Ruleset.of(
          Map.of(
              "hidden",
              Items.readFlag(
                  "hidden",
                  Json.parseOwn(
                      """
                      {"type":"boolean","variants":{"on":true,"off":false},"clientVisible":false,"enabled":true,
                       "offVariant":"off","targets":[],"prerequisites":[],"rules":[],"default":{"variant":"on"}}\
                      """)),
              "visible",
              Items.readFlag(
                  "visible",
                  Json.parseOwn(
                      """
                      {"type":"string","variants":{"a":"A","b":"B"},"clientVisible":true,"enabled":true,
                       "offVariant":"a","targets":[],"prerequisites":[{"flag":"hidden","variants":["on"]}],
                       "rules":[{"id":"staff","when":{"attribute":"staff","op":"equals","values":[true]},"serve":{"variant":"b"}}],
                       "default":{"variant":"a"}}\
                      """)),
              "halves",
              Items.readFlag(
                  "halves",
                  Json.parseOwn(
                      """
                      {"type":"boolean","variants":{"on":true,"off":false},"clientVisible":false,"enabled":true,
                       "offVariant":"off","targets":[],"prerequisites":[],"rules":[],
                       "default":{"rollout":{"bucketBy":"targetingKey","salt":"s","slots":[["on",50000],["off",50000]]}}}\
                      """)),
              "listed",
              Items.readFlag(
                  "listed",
                  Json.parseOwn(
                      """
                      {"type":"boolean","variants":{"on":true,"off":false},"clientVisible":false,"enabled":true,
                       "offVariant":"off","targets":[],"prerequisites":[],
                       "rules":[{"id":"vip","when":{"segment":"vip"},"serve":{"variant":"on"}}],"default":{"variant":"off"}}\
                      """))),
          Map.of(
              "vip",
              Items.readSegment(
                  "vip",
                  Json.parseOwn(
                      """
                      {"contextType":"user","when":null,"list":{"generation":7,"version":31}}\
                      """))));

  private final List<Event> events = new ArrayList<>();
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
  private final MemoryMemberships lists = new MemoryMemberships();
  private final DecideSettings settings = new DecideSettings(Duration.ofSeconds(5), 100);
  private final Clock clock = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
  private final RandomGenerator chance = RandomGenerator.of("SplittableRandom");
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final EvaluationCounts tally =
      new EvaluationCounts(queue, clock, chance, settings, meters);
  private final Decisions decisions =
      new RecordingDecisions(
          new ListFacts(lists, clock), new Recorder(queue, tally, clock, chance, meters));
  private final Snapshot snapshot =
      new Snapshot(
          new EnvironmentId(new UUID(0, 2)),
          new TenantId(new UUID(0, 1)),
          "production",
          new Cursor("5f3a90c1", 7),
          1,
          EnvironmentSettings.of(Json.object()),
          RULES,
          ItemHistory.EMPTY,
          new DerivedValues());

  private SdkCaller caller(SdkCaller.Kind kind) {
    return new SdkCaller(UUID.randomUUID(), snapshot.tenant(), snapshot.environment(), kind);
  }

  private static EvaluationContext user(boolean staff) {
    return new EvaluationContext(
        Json.object().put("targetingKey", "u1").put("staff", staff), Set.of());
  }

  private Evaluation one(SdkCaller.Kind kind, String flag, EvaluationContext context) {
    var answer = new ArrayList<Evaluation>();
    decisions
        .evaluate(caller(kind), snapshot, flag, context)
        .as(StepVerifier::create)
        .consumeNextWith(answer::add)
        .verifyComplete();
    return answer.getFirst();
  }

  @Test
  void serverKeySeesEveryFlag() {
    assertThat(one(SdkCaller.Kind.SERVER, "hidden", user(false)).variant()).isEqualTo("on");
    assertThat(events).hasSize(1);
  }

  @Test
  void clientKeySeesHiddenFlagsAsUnknownAndIsDecidedByThemAllTheSame() {
    assertThat(one(SdkCaller.Kind.CLIENT, "hidden", user(true)).error())
        .isEqualTo(ErrorCode.FLAG_NOT_FOUND);
    assertThat(events).isEmpty();
    assertThat(one(SdkCaller.Kind.CLIENT, "visible", user(true)).variant()).isEqualTo("b");
    assertThat(events).hasSize(1);
  }

  @Test
  void rolloutWithoutTargetingKeyIsCountedApartAndNoVariantIsRecorded() {
    assertThat(one(SdkCaller.Kind.SERVER, "halves", EvaluationContext.EMPTY).error())
        .isEqualTo(ErrorCode.TARGETING_KEY_MISSING);
    tally.flush();
    assertThat(events).isEmpty();
    assertThat(meters.get("stitchd.decide.targeting.key.missing").counter().count()).isOne();
  }

  @Test
  void unknownFlagIsNotFoundForEverybody() {
    assertThat(one(SdkCaller.Kind.SERVER, "nothing", user(true)).error())
        .isEqualTo(ErrorCode.FLAG_NOT_FOUND);
  }

  @Test
  void listThatCannotBeAskedDegradesTheAnswerAndItIsNoExposure() {
    lists.fail();
    var evaluation = one(SdkCaller.Kind.SERVER, "listed", user(true));
    assertThat(evaluation.degraded()).isTrue();
    assertThat(evaluation.variant()).isEqualTo("off");
    assertThat(events).isEmpty();
    tally.flush();
    assertThat(events).isEmpty();
    assertThat(meters.counter("stitchd.decide.degraded").count()).isEqualTo(1);
  }

  @Test
  void listsAreAskedOnceAndDecide() {
    lists.add(snapshot.environment(), "vip", "u1", true);
    assertThat(one(SdkCaller.Kind.SERVER, "listed", user(true)).variant()).isEqualTo("on");
    assertThat(lists.asked()).isEqualTo(1);
    assertThat(events).hasSize(1);
    lists.add(snapshot.environment(), "vip", "u1", false); // excluded wins
    assertThat(one(SdkCaller.Kind.SERVER, "listed", user(true)).variant()).isEqualTo("off");
  }

  @Test
  void flagThatReachesNoListAsksNothing() {
    var _ = one(SdkCaller.Kind.SERVER, "visible", user(true));
    var _ = one(SdkCaller.Kind.SERVER, "nothing", user(true));
    var _ = one(SdkCaller.Kind.CLIENT, "listed", user(true)); // not for this caller to see
    var _ = one(SdkCaller.Kind.SERVER, "listed", new EvaluationContext(Json.object(), Set.of()));
    assertThat(lists.asked()).isZero();
  }

  @Test
  void allFlagsComeSortedAndAreCountedOnly() {
    decisions
        .evaluateAll(caller(SdkCaller.Kind.SERVER), snapshot, user(false))
        .as(StepVerifier::create)
        .assertNext(all ->
            assertThat(all)
                .extracting(Evaluation::flagKey)
                .containsExactly("halves", "hidden", "listed", "visible"))
        .verifyComplete();
    decisions
        .evaluateAll(caller(SdkCaller.Kind.CLIENT), snapshot, user(false))
        .as(StepVerifier::create)
        .assertNext(
            all -> assertThat(all).extracting(Evaluation::flagKey).containsExactly("visible"))
        .verifyComplete();
    assertThat(lists.asked()).as("only the server key sees the flag with a list").isEqualTo(1);
    assertThat(events).isEmpty();
    tally.flush();
    assertThat(events)
        .extracting(event -> (Event.Count) event)
        .extracting(count -> count.flag() + " " + count.variant() + " " + count.count())
        .containsExactlyInAnyOrder("halves off 1", "hidden on 1", "listed off 1", "visible a 2");
  }
}
