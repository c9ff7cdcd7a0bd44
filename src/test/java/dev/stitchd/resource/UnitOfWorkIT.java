package dev.stitchd.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.revisionlog.Announcement;
import dev.stitchd.revisionlog.ChangeFeed;
import dev.stitchd.revisionlog.ItemChange;
import dev.stitchd.revisionlog.PublishedItems;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/// Several writes in one transaction.
class UnitOfWorkIT {

  private static final Duration SOON = Patience.SOON;

  private static Server server;
  private static UnitsOfWork units;
  private static PublishedItems items;
  private static ChangeFeed feed;
  private static Author author;
  private static EnvironmentId environment;

  @BeforeAll
  static void aServerWithAnEnvironment() {
    server = Server.start();
    units = server.bean(UnitsOfWork.class);
    items = server.bean(PublishedItems.class);
    feed = server.bean(ChangeFeed.class);
    var admin = server.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    author =
        Author.system(
            server
                .bean(Transactions.class)
                .onPlatform(session ->
                    session.one(
                        "SELECT id FROM tenants WHERE key = 'default'",
                        row -> new TenantId(Columns.uuid(row, "id"))))
                .block(),
            "test");
    environment =
        units
            .write(
                author, unit -> unit.nextRevision("web", "production").delayUntil(_ -> noted(unit)))
            .map(LockedEnvironment::id)
            .block();
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  @Test
  void severalWritesMakeOneRevisionAndOneAnnouncement() {
    var before = revision();
    var other = new EnvironmentId(UUID.randomUUID());
    feed.announcements()
        .filter(heard -> !(heard instanceof Announcement.Resync))
        .as(StepVerifier::create)
        .then(() -> write("one", "two"))
        .then(() -> removed(other))
        .assertNext(heard ->
            assertThat(heard)
                .isInstanceOfSatisfying(
                    Announcement.At.class,
                    at -> {
                      assertThat(at.environment()).isEqualTo(environment);
                      assertThat(at.revision()).isEqualTo(before + 1);
                    }))
        .expectNext(new Announcement.Removed(other))
        .thenCancel()
        .verify(SOON);
    assertThat(items.changesSince(environment, before).block().items())
        .extracting(PublishedItems.Item::key, PublishedItems.Item::revision)
        .containsExactlyInAnyOrder(
            org.assertj.core.groups.Tuple.tuple("one", before + 1),
            org.assertj.core.groups.Tuple.tuple("two", before + 1));
  }

  @Test
  void keysAndItemsThatChangeTogetherAreAnnouncedTogether() {
    var heard = new AtomicReference<Announcement>();
    var before = items.positions(List.of(environment)).blockFirst();
    feed.announcements()
        .filter(told -> !(told instanceof Announcement.Resync))
        .as(StepVerifier::create)
        .then(() ->
            units
                .write(
                    author,
                    unit ->
                        unit.nextRevision("web", "production")
                            .then(unit.nextAccessVersion("web", "production"))
                            .then(unit.nextAccessVersion("web", "production"))
                            .delayUntil(_ -> noted(unit)))
                .block())
        .consumeNextWith(heard::set)
        .thenCancel()
        .verify(SOON);
    var now = items.positions(List.of(environment)).blockFirst();
    assertThat(now.accessVersion()).isGreaterThan(before.accessVersion());
    assertThat(heard)
        .hasValue(new Announcement.At(environment, before.revision() + 1, now.accessVersion()));
  }

  @Test
  void aFailureTakesAllWritesBack() {
    var before = revision();
    var failing =
        units.write(
            author,
            unit -> publish(unit, "lost").then(Mono.error(new IllegalStateException("no"))));
    assertThatThrownBy(failing::block).hasMessage("no");
    assertThat(revision()).isEqualTo(before);
    assertThat(items.changesSince(environment, before).block().items()).isEmpty();
  }

  @Test
  void whatLeavesNoNoteInTheAuditLogIsTakenBackUnlessItSaysWhy() {
    var before = revision();
    for (Function<UnitOfWork, Mono<?>> noteless :
        List.<Function<UnitOfWork, Mono<?>>>of(
            unit -> publish(unit, "lost"), unit -> publish(unit, "lost").thenReturn(1))) {
      assertThatThrownBy(() -> units.write(author, unit -> noteless.apply(unit)).block())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("without a note in the audit log");
    }
    assertThat(revision()).isEqualTo(before);
    assertThat(items.changesSince(environment, before).block().items()).isEmpty();
    var excused =
        units.write(
            author,
            unit -> {
              unit.leavesNoNote(UnitOfWork.Unaudited.NOTHING_CHANGED);
              return Mono.just("excused");
            });
    assertThat(excused.block()).isEqualTo("excused");
  }

  private static Mono<Void> noted(UnitOfWork unit) {
    return unit.note("segment.update", "/projects/web", null, Json.object(), List.of());
  }

  private static void write(String... keys) {
    units
        .write(
            author, unit -> Flux.just(keys).concatMap(key -> publish(unit, key)).then(noted(unit)))
        .block();
  }

  private static Mono<Void> publish(UnitOfWork unit, String key) {
    return unit.nextRevision("web", "production")
        .flatMap(at -> unit.publish(at, List.of(ItemChange.segment(key, segment()))));
  }

  private static tools.jackson.databind.JsonNode segment() {
    var segment = Json.object().put("contextType", "user");
    return segment.putNull("when");
  }

  private static void removed(EnvironmentId environment) {
    units.write(author, unit -> unit.removed(environment).then(noted(unit))).block();
  }

  private static long revision() {
    return items.positions(List.of(environment)).blockFirst().revision();
  }
}
