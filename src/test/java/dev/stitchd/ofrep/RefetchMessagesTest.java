package dev.stitchd.ofrep;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.revisionlog.PublishedItems.Kind;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.MemoryItems;
import dev.stitchd.snapshot.MemorySnapshots;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.stream.Frame;
import dev.stitchd.stream.StreamContent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

class RefetchMessagesTest {

  private static final Duration SPREAD = Duration.ofSeconds(2);
  private static final Duration RECENT = Duration.ofSeconds(30);

  private final VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet(true);
  private final MemorySnapshots snapshots = new MemorySnapshots(time);
  private final EnvironmentId environment = snapshots.items.create();
  private final SdkCaller client = caller(SdkCaller.Kind.CLIENT);
  private final List<Disposable> open = new ArrayList<>();
  private final RefetchMessages messages = messages();

  private RefetchMessages messages() {
    return new RefetchMessages(
        OfrepSettingsTest.with(SPREAD, 10, RECENT), new SplittableRandom(7), time);
  }

  private SdkCaller caller(SdkCaller.Kind kind) {
    return new SdkCaller(UUID.randomUUID(), MemoryItems.TENANT, environment, kind);
  }

  /// A visible flag `banner` that asks `gate`, which asks the segments `beta` and so `staff`;
  /// `other` and `strangers` are nobody's business.
  @BeforeEach
  void publish() {
    segment("staff", "{\"attribute\":\"plan\",\"op\":\"equals\",\"values\":[\"a\"]}"); // 1
    segment("beta", "{\"segment\":\"staff\"}"); // 2
    segment("strangers", "{\"attribute\":\"plan\",\"op\":\"equals\",\"values\":[\"a\"]}"); // 3
    flag("gate", false, "[]", "{\"segment\":\"beta\"}"); // 4
    flag(
        "banner",
        true,
        "[{\"flag\":\"gate\",\"variants\":[\"on\"]}]",
        "{\"attribute\":\"a\",\"op\":\"equals\",\"values\":[1]}"); // 5
    flag("other", false, "[]", "{\"segment\":\"strangers\"}"); // 6
  }

  @AfterEach
  void stop() {
    open.forEach(Disposable::dispose);
    snapshots.stop();
    VirtualTimeScheduler.reset();
  }

  private void segment(String key, String when) {
    snapshots.publish(
        environment,
        Kind.SEGMENT,
        key,
        Json.parseOwn("{\"contextType\":\"user\",\"when\":" + when + "}"));
  }

  private void flag(String key, boolean visible, String prerequisites, String when) {
    snapshots.publish(
        environment,
        Kind.FLAG,
        key,
        Json.parseOwn(
            """
            {"type":"boolean","variants":{"on":true,"off":false},"clientVisible":%s,"enabled":true,
             "offVariant":"off","targets":[],"prerequisites":%s,
             "rules":[{"id":"r","when":%s,"serve":{"variant":"on"}}],"default":{"variant":"off"}}
            """
                .formatted(visible, prerequisites, when)));
  }

  private void touch(String segment) {
    segment(
        segment,
        "{\"attribute\":\"plan\",\"op\":\"equals\",\"values\":[\"%s\"]}"
            .formatted(UUID.randomUUID()));
  }

  private Cursor here() {
    var snapshot = snapshots.current(environment).block();
    return new Cursor(snapshot.tag(), snapshot.revision());
  }

  private Cursor back(long revisions) {
    return new Cursor(here().tag(), here().revision() - revisions);
  }

  private List<Message> listen(SdkCaller caller, Cursor resume) {
    var messages = new ArrayList<Message>();
    open.add(told(caller, resume).subscribe(messages::add));
    return messages;
  }

  /// What an event says, without what makes it one.
  private record Message(String id, String event, String data) {
    private static Message of(Frame frame) {
      var lines = new String(frame.bytes(), UTF_8).lines().toList();
      return new Message(
          lines.get(0).substring("id: ".length()),
          lines.get(1).substring("event: ".length()),
          lines.get(2).substring("data: ".length()));
    }
  }

  /// Asks for one thing after the other, as streams do, and waits as long as it is told.
  private Flux<Message> told(SdkCaller caller, Cursor resume) {
    return told(() -> messages.to(caller, resume));
  }

  private Flux<Message> told(Supplier<StreamContent> told) {
    return Flux.using(
        () -> {
          var content = told.get();
          content.begin();
          return content;
        },
        content -> snapshots.updates(environment).concatMap(newest -> told(content, newest), 0),
        StreamContent::end);
  }

  private Mono<Message> told(StreamContent content, Snapshot newest) {
    var delay = content.delay(newest);
    var then =
        delay.isZero()
            ? Mono.just(newest)
            : Mono.delay(delay, time).then(snapshots.current(environment));
    return then.mapNotNull(content::advance).map(Message::of);
  }

  private void pass(Duration duration) {
    time.advanceTimeBy(duration);
  }

  private void assertRefetch(Message message) {
    assertThat(message.event()).isEqualTo("message");
    assertThat(message.id()).isEqualTo(here().tag() + "." + here().revision());
    assertThat(Json.parseOwn(message.data()))
        .isEqualTo(
            Json.object().put("type", "refetchEvaluation").put("etag", "\"" + message.id() + "\""));
  }

  @Test
  void clientThatIsCurrentGetsItsPlaceAndNothingToDo() {
    var messages = listen(client, here());
    assertThat(messages)
        .containsExactly(
            new Message(
                here().tag() + "." + here().revision(), "current", "{\"type\":\"current\"}"));
  }

  @Test
  void clientIsToldOnlyWhenSomethingThatItsFlagsDependOnChanged() {
    var messages = listen(client, here());

    for (var unseen : List.of("strangers", "strangers")) {
      touch(unseen);
    }
    flag("other", false, "[]", "{\"segment\":\"beta\"}");
    pass(SPREAD);
    assertThat(messages).hasSize(1);

    touch("staff"); // three steps away
    pass(SPREAD);
    assertThat(messages).hasSize(2);
    assertRefetch(messages.getLast());

    flag("gate", false, "[]", "{\"segment\":\"staff\"}");
    pass(SPREAD);
    assertThat(messages).hasSize(3);

    touch("beta"); // nobody asks it any more
    pass(SPREAD);
    assertThat(messages).hasSize(3);
  }

  @Test
  void flagThatComesIntoSightOrLeavesItIsAChange() {
    var messages = listen(client, here());
    flag("other", true, "[]", "{\"segment\":\"strangers\"}");
    pass(SPREAD);
    assertThat(messages).hasSize(2);
    touch("strangers");
    pass(SPREAD);
    assertThat(messages).hasSize(3);
    flag("other", false, "[]", "{\"segment\":\"strangers\"}");
    pass(SPREAD);
    assertThat(messages).hasSize(4);
    touch("strangers");
    pass(SPREAD);
    assertThat(messages).hasSize(4);
    snapshots.removeFlag(environment, "banner");
    pass(SPREAD);
    assertThat(messages).hasSize(5);
  }

  @Test
  void serverKeySeesAllFlags() {
    var messages = listen(caller(SdkCaller.Kind.SERVER), here());
    flag("other", false, "[]", "{\"segment\":\"beta\"}");
    pass(SPREAD);
    assertThat(messages).hasSize(2);
    touch("strangers"); // which no flag asks now
    pass(SPREAD);
    assertThat(messages).hasSize(2);
  }

  @Test
  void clientsAreToldOneAfterTheOtherWithinTheSpread() {
    var all = new ArrayList<List<Message>>();
    for (int i = 0; i < 40; i++) { // 10 a second would take 4 s; the spread is 2
      all.add(listen(client, here()));
    }
    touch("beta");

    pass(SPREAD.dividedBy(4));
    long early = all.stream().filter(messages -> messages.size() == 2).count();
    assertThat(early).isBetween(3L, 20L);
    pass(SPREAD.multipliedBy(3).dividedBy(4));
    assertThat(all).allMatch(messages -> messages.size() == 2);
  }

  @Test
  void fewClientsAreToldAtOnce() {
    var messages = listen(client, here());
    touch("beta");
    pass(Duration.ofMillis(101)); // one client of ten a second
    assertThat(messages).hasSize(2);
  }

  @Test
  void changesWhileAClientWaitsForItsTurnAreOneMessage() {
    var messages = listen(client, here());
    touch("beta");
    touch("staff");
    touch("beta");
    pass(SPREAD);
    assertThat(messages).hasSize(2);
    assertRefetch(messages.getLast());
  }

  @Test
  void clientThatTakesNothingMakesNothingWait() {
    var messages = new ArrayList<Message>();
    var slow =
        new BaseSubscriber<Message>() {
          @Override
          protected void hookOnSubscribe(org.reactivestreams.Subscription subscription) {
            request(1);
          }

          @Override
          protected void hookOnNext(Message message) {
            messages.add(message);
          }
        };
    open.add(slow);
    told(client, here()).subscribe(slow);
    for (int i = 0; i < 50; i++) {
      touch("beta");
      pass(SPREAD);
    }
    assertThat(messages).hasSize(1);
    slow.request(100);
    pass(SPREAD);
    assertThat(messages).hasSizeBetween(2, 3); // one may have been ready
    assertRefetch(messages.getLast());
  }

  @Test
  void whoMissedNothingVisibleIsCurrentAndWhoMissedSomethingIsTold() {
    listen(client, here()); // somebody has watched since before
    touch("beta");
    touch("strangers");
    pass(SPREAD);
    assertThat(listen(client, back(1)).getFirst().event()).isEqualTo("current");
    var behind = listen(client, back(2));
    pass(SPREAD);
    assertRefetch(behind.getFirst());
    var stranger = listen(client, new Cursor("00000000", 99));
    pass(SPREAD);
    assertRefetch(stranger.getFirst());
  }

  @Test
  void nodeThatHasNotWatchedTellsWheneverItCannotBeSure() {
    touch("strangers");
    var behind = listen(client, back(1));
    assertThat(behind).isEmpty();
    pass(SPREAD);
    assertRefetch(behind.getFirst());
    assertThat(listen(client, here()).getFirst().event()).isEqualTo("current");
  }

  @Test
  void whoBeginsWithoutAPlaceIsToldOnlySoonAfterAChange() {
    listen(client, here());
    touch("beta");
    pass(SPREAD);
    var soon = listen(client, null);
    pass(SPREAD);
    assertThat(soon).hasSize(1);
    assertRefetch(soon.getFirst());
    pass(RECENT);
    assertThat(listen(client, null).getFirst().event()).isEqualTo("current");
  }

  @Test
  void clientAheadOfThisNodeKeepsItsPlaceAndWaitsForTheNode() {
    var ahead = new Cursor(here().tag(), here().revision() + 2);
    var messages = listen(client, ahead);
    assertThat(messages)
        .containsExactly(new Message(ahead.text(), "current", "{\"type\":\"current\"}"));
    touch("beta");
    touch("beta");
    pass(SPREAD);
    assertThat(messages).hasSize(1);
    touch("beta");
    pass(SPREAD);
    assertThat(messages).hasSize(2);
    assertRefetch(messages.getLast());
  }

  @Test
  void clientAtAPlaceThatWasLostEvaluatesAnew() {
    var lost = new Cursor(here().tag(), here().revision() + 2);
    var messages = new ArrayList<Message>();
    open.add(told(() -> this.messages.toLost(client)).subscribe(messages::add));
    pass(SPREAD);
    assertThat(messages).hasSize(1);
    assertRefetch(messages.getFirst());
  }

  @Test
  void leavingClientsAreNotCounted() {
    var first = told(client, here()).subscribe();
    var second = told(client, here()).subscribe();
    first.dispose();
    second.dispose();
    for (int i = 0; i < 5; i++) {
      open.add(told(client, here()).subscribe());
    }
    var messages = listen(client, here());
    touch("beta");
    pass(Duration.ofMillis(601)); // six clients, ten a second
    assertThat(messages).hasSize(2);
  }

  @Test
  void theEndOfTheEnvironmentEndsTheStream() {
    var ended = new ArrayList<String>();
    open.add(told(client, here()).doOnComplete(() -> ended.add("ended")).subscribe());
    snapshots.delete(environment);
    assertThat(ended).containsExactly("ended");
  }
}
