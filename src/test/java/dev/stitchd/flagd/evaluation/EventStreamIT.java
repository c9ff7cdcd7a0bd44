package dev.stitchd.flagd.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Value;
import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.flagd.evaluation.v1.ResolveAllRequest;
import dev.stitchd.flagd.evaluation.v2.EventStreamRequest;
import dev.stitchd.flagd.evaluation.v2.EventStreamResponse;
import dev.stitchd.flagd.evaluation.v2.ServiceGrpc;
import dev.stitchd.kernel.Json;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.node.ObjectNode;

/// flagd's event streams of a whole server that gives a sign of life every half second.
@Timeout(120)
class EventStreamIT {

  private static Server server;
  private static Admin admin;
  private static ManagedChannel channel;

  @BeforeAll
  static void start() {
    server =
        Server.start(
            Map.of("STITCHD_FLAGD_EVALUATION_KEEP_ALIVE", "PT0.5S", "STITCHD_STREAM_PER_KEY", "3"));
    admin = server.admin();
    channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort()).usePlaintext().build();
  }

  @AfterAll
  static void stop() {
    channel.shutdownNow();
    server.stop();
  }

  private static Channel as(Channel channel, String key) {
    var head = new Metadata();
    head.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + key);
    return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(head));
  }

  private static String environment(String project) {
    admin.createProject(project);
    admin.createEnvironment(project, "production");
    return admin.createSdkKey(project, "production", "server");
  }

  private static void visibleFlag(String project, String key) {
    admin.createFlagFrom(
        project,
        "{\"key\":\"%s\",\"name\":\"%s\",\"type\":\"boolean\",\"variants\":{\"on\":true,\"off\":false},\"clientVisible\":true}"
            .formatted(key, key));
  }

  private static void rule(ObjectNode targeting, String when) {
    targeting.put("enabled", true);
    var rule = targeting.putArray("rules").addObject().put("id", "r");
    rule.set("when", Json.parseOwn(when));
    rule.putObject("serve").put("variant", "on");
  }

  @Test
  void itIsReadyAtOnceAndNamesEveryFlagWhoseResultCanChange() throws Exception {
    var key = environment("named");
    var publicKey = admin.createSdkKey("named", "production", "client");
    try (var all = EventListener.on(as(channel, key));
        var visible = EventListener.on(as(channel, publicKey))) {
      assertThat(all.next().getType()).isEqualTo("provider_ready");
      assertThat(visible.next().getType()).isEqualTo("provider_ready");

      admin.createFlag("named", "gate");
      assertThat(all.change()).isEqualTo(Map.of("gate", "write"));
      visibleFlag("named", "shown");
      assertThat(all.change()).isEqualTo(Map.of("shown", "write"));
      assertThat(visible.change()).isEqualTo(Map.of("shown", "write")); // and nothing of the gate

      admin.createSegment(
          "named",
          "production",
          "{\"key\":\"beta\",\"name\":\"Beta\",\"contextType\":\"user\",\"when\":{\"attribute\":\"plan\",\"op\":\"in\",\"values\":[\"beta\"]}}");
      admin.createSegment(
          "named",
          "production",
          "{\"key\":\"outer\",\"name\":\"Outer\",\"contextType\":\"user\",\"when\":{\"segment\":\"beta\"}}");
      admin.changeTargeting(
          "named", "shown", "production", targeting -> rule(targeting, "{\"segment\":\"outer\"}"));
      assertThat(all.change()).isEqualTo(Map.of("shown", "update"));
      assertThat(visible.change()).isEqualTo(Map.of("shown", "update"));

      admin.patch(
          "/projects/named/environments/production/segments/beta",
          "{\"when\":{\"attribute\":\"plan\",\"op\":\"in\",\"values\":[\"beta\",\"pro\"]}}");
      assertThat(all.change()).isEqualTo(Map.of("shown", "update")); // two segments away
      assertThat(visible.change()).isEqualTo(Map.of("shown", "update"));

      admin.changeTargeting(
          "named",
          "shown",
          "production",
          targeting ->
              targeting
                  .putArray("prerequisites")
                  .addObject()
                  .put("flag", "gate")
                  .putArray("variants")
                  .add("on"));
      assertThat(all.change()).isEqualTo(Map.of("shown", "update"));
      assertThat(visible.change()).isEqualTo(Map.of("shown", "update"));
      admin.serve("named", "gate", "production", "on");
      assertThat(all.change()).isEqualTo(Map.of("gate", "update", "shown", "update"));
      assertThat(visible.change()).isEqualTo(Map.of("shown", "update"));
    }
  }

  @Test
  void itNamesNothingThatGivesTheSameAsBefore() throws Exception {
    var key = environment("same");
    admin.createFlag("same", "worded");
    admin.createFlag("same", "off");
    admin.createFlag("same", "marker");
    var ruled = "{\"attribute\":\"plan\",\"op\":\"in\",\"values\":[\"pro\"]}";
    admin.changeTargeting("same", "worded", "production", targeting -> rule(targeting, ruled));
    admin.createSegment(
        "same",
        "production",
        "{\"key\":\"beta\",\"name\":\"Beta\",\"contextType\":\"user\",\"when\":%s}"
            .formatted(ruled));
    admin.changeTargeting(
        "same", "off", "production", targeting -> rule(targeting, "{\"segment\":\"beta\"}"));
    admin.patch("/projects/same/flags/off/environments/production", "{\"enabled\":false}");
    try (var events = EventListener.on(as(channel, key))) {
      assertThat(events.next().getType()).isEqualTo("provider_ready");
      changedAlone(
          key, () -> admin.patch("/projects/same/flags/worded", "{\"description\":\"Words.\"}"));
      theMarkerIsNext(events, "on");
      changedAlone(
          key,
          () ->
              admin.changeTargeting(
                  "same",
                  "worded",
                  "production",
                  targeting ->
                      ((ObjectNode) targeting.at("/rules/0")).put("description", "Words.")));
      theMarkerIsNext(events, "off");
      changedAlone(
          key,
          () ->
              admin.changeTargeting(
                  "same", "off", "production", targeting -> targeting.putArray("rules")));
      theMarkerIsNext(events, "on");
      changedAlone(
          key,
          () ->
              admin.patch(
                  "/projects/same/environments/production/segments/beta",
                  "{\"description\":\"Words.\"}"));
      theMarkerIsNext(events, "off");
    }
  }

  /// Makes a change, and waits until the node has it: together with others all would be named.
  private static void changedAlone(String key, Runnable change) throws Exception {
    long before = revision(key);
    change.run();
    await(() -> revision(key) > before);
  }

  private static void theMarkerIsNext(EventListener events, String variant) throws Exception {
    admin.serve("same", "marker", "production", variant);
    assertThat(events.change()).isEqualTo(Map.of("marker", "update"));
  }

  /// Which revision of an environment the node has.
  private static long revision(String key) {
    return (long)
        dev.stitchd.flagd.evaluation.v1.ServiceGrpc.newBlockingStub(as(channel, key))
            .resolveAll(ResolveAllRequest.getDefaultInstance())
            .getMetadata()
            .getFieldsOrThrow("revision")
            .getNumberValue();
  }

  @Test
  void itGivesASignOfLife() throws Exception {
    try (var events = EventListener.on(as(channel, environment("quiet")))) {
      assertThat(events.any().getType()).isEqualTo("provider_ready");
      assertThat(events.any().getType()).isEqualTo("keep_alive");
      assertThat(events.any().getType()).isEqualTo("keep_alive");
    }
  }

  @Test
  void aRevokedKeyTakesItsStreamWithIt() throws Exception {
    var project = "revoked";
    environment(project);
    var keys = "/projects/revoked/environments/production/sdk-keys";
    var doomed = admin.send("POST", keys, "{\"name\":\"doomed\",\"kind\":\"server\"}").json();
    try (var events = EventListener.on(as(channel, doomed.path("key").asString()))) {
      assertThat(events.next().getType()).isEqualTo("provider_ready");
      admin.send("DELETE", keys + "/" + doomed.path("id").asString() + "?force=true", "");
      assertThat(events.end().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    }
  }

  @Test
  void withoutAKeyThereIsNone() throws Exception {
    try (var events = EventListener.on(channel)) {
      assertThat(events.end().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    }
  }

  @Test
  void streamsCountWithTheLimitOfTheirKeyAndGivePlacesBack() throws Exception {
    var through = as(channel, environment("limited"));
    try (var one = EventListener.on(through);
        var two = EventListener.on(through);
        var three = EventListener.on(through)) {
      for (var listener : new EventListener[] {one, two, three}) {
        assertThat(listener.next().getType()).isEqualTo("provider_ready");
      }
      try (var four = EventListener.on(through)) {
        assertThat(four.end().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      }
      three.close();
      await(() -> {
        try (var again = EventListener.on(through)) {
          return again.any().getType().equals("provider_ready");
        }
      });
    }
  }

  @Test
  void whateverEndsAStreamNothingOfItStays() throws Exception {
    var through = as(channel, environment("cancelled"));
    for (int i = 0; i < 20; i++) {
      try (var events = EventListener.on(through)) {
        assertThat(events.next().getType()).isEqualTo("provider_ready");
      }
    }
    var meters = server.bean(MeterRegistry.class);
    await(() -> meters.find("stitchd.stream.open").tag("kind", "flagd-events").gauge() == null);
  }

  private interface Check {
    boolean holds() throws Exception;
  }

  private static void await(Check check) throws Exception {
    var deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (!check.holds()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
      Thread.sleep(20);
    }
  }

  /// Its window holds a few events; those that come while it is full go together.
  @Test
  void aClientThatTakesNothingIsToldOfTheNewestStateAtOnce() {
    var key = environment("stalled");
    admin.createSegment(
        "stalled",
        "production",
        "{\"key\":\"all\",\"name\":\"All\",\"contextType\":\"user\",\"when\":{\"all\":[]}}");
    dependents("stalled", 300);
    var narrow =
        NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
            .flowControlWindow(16 * 1024)
            .usePlaintext()
            .build();
    try {
      var events =
          ServiceGrpc.newBlockingStub(as(narrow, key))
              .eventStream(EventStreamRequest.getDefaultInstance());
      assertThat(events.next().getType()).isEqualTo("provider_ready");
      for (int i = 0; i < 15; i++) {
        admin.patch(
            "/projects/stalled/environments/production/segments/all", "{\"name\":\"" + i + "\"}");
      }
      admin.createFlag("stalled", "last");
      int changes = 1;
      while (!names(events.next(), "last")) {
        changes++;
      }
      assertThat(changes).isLessThan(12);
    } finally {
      narrow.shutdownNow();
    }
  }

  private static boolean names(EventStreamResponse event, String flag) {
    return event
        .getData()
        .getFieldsOrDefault("flags", Value.getDefaultInstance())
        .getStructValue()
        .containsFields(flag);
  }

  /// Publishes flags that ask for the segment `all`, past the management API, which takes one flag
  /// at a time.
  private static void dependents(String project, int flags) {
    var where = "key = 'production' AND project_id = (SELECT id FROM projects WHERE key = '%s')";
    var environment = where.formatted(project);
    var item =
        "{\"type\":\"boolean\",\"variants\":{\"on\":true,\"off\":false},\"clientVisible\":true,\"enabled\":true,\"offVariant\":\"off\",\"targets\":[],\"prerequisites\":[],\"rules\":[{\"id\":\"r\",\"when\":{\"segment\":\"all\"},\"serve\":{\"variant\":\"on\"}}],\"default\":{\"variant\":\"off\"}}";
    sql("UPDATE environments SET revision = revision + 1 WHERE " + environment);
    sql(
        "INSERT INTO environment_items (tenant_id, environment_id, item_kind, item_key, item, revision) SELECT tenant_id, id, 'flag', 'dependent-' || n, '%s', revision FROM environments, generate_series(1, %d) n WHERE %s"
            .formatted(item, flags, environment));
    sql(
        "INSERT INTO environment_changes (tenant_id, environment_id, revision, item_kind, item_key, item, actor) SELECT i.tenant_id, environment_id, i.revision, item_kind, item_key, item, 'test' FROM environment_items i JOIN environments e ON e.id = environment_id WHERE item_kind = 'flag' AND e."
            + environment);
  }

  private static void sql(String sql) {
    var _ = StoreUrl.of(server.postgres()).query(sql);
  }

  @Test
  void aNodeThatStopsSendsItsStreamsAway() throws Exception {
    var key = environment("stopped");
    var stopping =
        Server.on(server.postgres(), server.clickHouse(), Map.of("STITCHD_DRAIN", "PT0.3S"));
    var itsChannel =
        NettyChannelBuilder.forAddress("127.0.0.1", stopping.grpcPort()).usePlaintext().build();
    try (var events = EventListener.on(as(itsChannel, key))) {
      assertThat(events.next().getType()).isEqualTo("provider_ready");
      stopping.close();
      assertThat(events.end().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(events.end().getDescription()).isEqualTo("this node is shutting down");
    } finally {
      itsChannel.shutdownNow();
      stopping.close();
    }
  }
}
