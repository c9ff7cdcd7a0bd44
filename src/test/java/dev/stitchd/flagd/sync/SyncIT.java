package dev.stitchd.flagd.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.LogLines;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.flagd.sync.v1.FetchAllFlagsRequest;
import dev.stitchd.flagd.sync.v1.FlagSyncServiceGrpc;
import dev.stitchd.flagd.sync.v1.FlagSyncServiceGrpc.FlagSyncServiceBlockingStub;
import dev.stitchd.flagd.sync.v1.GetMetadataRequest;
import dev.stitchd.flagd.sync.v1.GetMetadataResponse;
import dev.stitchd.flagd.sync.v1.SyncFlagsRequest;
import dev.stitchd.flagd.sync.v1.SyncFlagsResponse;
import dev.stitchd.kernel.Json;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Context.CancellableContext;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/// Flag sets of a whole server, as a client without an engine sees them.
@Timeout(120)
class SyncIT {

  private static final Duration SOON = Duration.ofSeconds(30);

  private static Server server;
  private static Admin admin;
  private static ManagedChannel channel;
  private static FlagSyncServiceBlockingStub sync;

  @BeforeAll
  static void start() {
    server =
        Server.start(
            Map.of(
                "STITCHD_FLAGD_SYNC_MAX_SET", "10KB",
                "STITCHD_FLAGD_SYNC_LIST_MEMBERS", "3",
                "STITCHD_FLAGD_SYNC_STALLED", "PT1H"));
    admin = server.admin();
    channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort()).usePlaintext().build();
    sync = FlagSyncServiceGrpc.newBlockingStub(channel);
  }

  @AfterAll
  static void stop() {
    channel.shutdownNow();
    server.close();
  }

  /// One stream, until it is closed.
  private static final class Sets implements AutoCloseable {
    private final CancellableContext context = Context.ROOT.withCancellation();
    private final Iterator<SyncFlagsResponse> sets;

    private Sets(String selector) throws Exception {
      this(sync, selector);
    }

    private Sets(FlagSyncServiceBlockingStub stub, String selector) throws Exception {
      sets = context.call(() -> stub.syncFlags(asked(selector)));
    }

    private JsonNode next() {
      return Json.parseOwn(sets.next().getFlagConfiguration());
    }

    @Override
    public void close() {
      context.cancel(null);
    }
  }

  private static SyncFlagsRequest asked(String selector) {
    return SyncFlagsRequest.newBuilder().setSelector(selector).build();
  }

  private static String environment(String project, String kind) {
    admin.createProject(project);
    admin.createEnvironment(project, "production");
    return "apiKey=" + admin.createSdkKey(project, "production", kind);
  }

  private static Status.Code refused(String selector) {
    var failure = catchThrowable(() -> sync.syncFlags(asked(selector)).next());
    assertThat(failure).isInstanceOf(StatusRuntimeException.class);
    return ((StatusRuntimeException) failure).getStatus().getCode();
  }

  @Test
  void theWholeSetComesAtOnceAndAgainWhenAFlagHasChanged() throws Exception {
    var selector = environment("whole", "server");
    admin.createFlag("whole", "checkout");
    try (var sets = new Sets(selector)) {
      var first = sets.next();
      assertThat(first.at("/metadata/flagSetId").stringValue()).isEqualTo("production");
      assertThat(first.at("/flags/checkout/defaultVariant").stringValue()).isEqualTo("off");

      admin.serve("whole", "checkout", "production", "on");

      assertThat(sets.next().at("/flags/checkout/defaultVariant").stringValue()).isEqualTo("on");
    }
  }

  /// Its window holds a few sets; of those that come while it is full only the last is sent.
  @Test
  void aClientThatTakesNothingIsSkippedToTheNewestSet() throws Exception {
    var selector = environment("stalled", "server");
    admin.createFlagFrom(
        "stalled",
        "{\"key\":\"f\",\"name\":\"F\",\"type\":\"string\",\"variants\":{\"a\":\"%s\",\"b\":\"b\"}}"
            .formatted("x".repeat(9_000)));
    var narrow =
        NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
            .flowControlWindow(16 * 1024)
            .usePlaintext()
            .build();
    try (var sets = new Sets(FlagSyncServiceGrpc.newBlockingStub(narrow), selector)) {
      sets.next();
      for (int i = 0; i < 20; i++) {
        admin.serve("stalled", "f", "production", i % 2 == 0 ? "a" : "b");
        LockSupport.parkNanos(120_000_000); // changes that are nearer to each other are one set
      }
      admin.createFlag("stalled", "last");
      var sending = server.bean(SendingLimit.class);
      await().atMost(SOON).until(() -> sending.taken() > 0);
      int received = 1;
      while (!sets.next().get("flags").has("last")) {
        received++;
      }
      assertThat(received).isLessThan(15);
      await().atMost(SOON).until(() -> sending.taken() == 0);
    } finally {
      narrow.shutdownNow();
    }
  }

  /// Its window is full with the first set, and the others are small enough to be kept for it.
  @Test
  void aClientThatTakesNothingGetsNoSmallSetThatWasOvertaken() throws Exception {
    var selector = environment("overtaken", "server");
    admin.createFlagFrom(
        "overtaken",
        "{\"key\":\"f\",\"name\":\"F\",\"type\":\"string\",\"variants\":{\"a\":\"%s\",\"b\":\"b\"}}"
            .formatted("x".repeat(1_500)));
    var narrow =
        NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
            .flowControlWindow(1_000)
            .usePlaintext()
            .build();
    var sets = new LinkedBlockingQueue<JsonNode>();
    var call = narrow.newCall(FlagSyncServiceGrpc.getSyncFlagsMethod(), CallOptions.DEFAULT);
    try {
      call.start(
          new ClientCall.Listener<>() {
            @Override
            public void onMessage(SyncFlagsResponse set) {
              sets.add(Json.parseOwn(set.getFlagConfiguration()));
            }
          },
          new Metadata());
      call.sendMessage(asked(selector));
      call.halfClose();
      var sending = server.bean(SendingLimit.class);
      await().atMost(SOON).until(() -> sending.taken() > 0);
      for (int i = 0; i < 5; i++) {
        admin.serve("overtaken", "f", "production", i % 2 == 0 ? "a" : "b");
        LockSupport.parkNanos(300_000_000); // each would be a set
      }
      admin.createFlag("overtaken", "last");
      LockSupport.parkNanos(300_000_000);
      call.request(10);
      assertThat(sets.poll(SOON.toSeconds(), TimeUnit.SECONDS).get("flags").has("last")).isFalse();
      assertThat(sets.poll(SOON.toSeconds(), TimeUnit.SECONDS).get("flags").has("last")).isTrue();
      assertThat(sets.poll(300, TimeUnit.MILLISECONDS)).isNull();
    } finally {
      call.cancel("enough", null);
      narrow.shutdownNow();
    }
  }

  @Test
  void anAskedForSetIsTheNewestAtOnce() {
    var selector = environment("asked", "server");
    admin.createFlag("asked", "checkout");
    for (var variant : new String[] {"on", "off", "on"}) {
      admin.serve("asked", "checkout", "production", variant);
      var answer =
          sync.fetchAllFlags(FetchAllFlagsRequest.newBuilder().setSelector(selector).build());
      assertThat(
              Json.parseOwn(answer.getFlagConfiguration())
                  .at("/flags/checkout/defaultVariant")
                  .stringValue())
          .isEqualTo(variant);
    }
  }

  @Test
  void aFlagThatCannotBeSaidIsNamedInTheMetadata() throws Exception {
    var selector = environment("unsayable", "server");
    admin.createFlag("unsayable", "pattern");
    admin.patch(
        "/projects/unsayable/flags/pattern/environments/production",
        "{\"enabled\":true,\"rules\":[{\"id\":\"r\",\"when\":{\"attribute\":\"a\",\"op\":\"matches\",\"values\":[\"x\"]},\"serve\":{\"variant\":\"on\"}}]}");
    try (var sets = new Sets(selector)) {
      var set = sets.next();
      assertThat(set.at("/metadata/leftOut").stringValue()).isEqualTo("pattern");
      assertThat(set.get("flags").isEmpty()).isTrue();
    }
  }

  @Test
  void shortListsAreInTheSetAndAChangeOfMembersMakesANewOne() throws Exception {
    var selector = environment("listed", "server");
    var members = listSegment("listed");
    try (var sets = new Sets(selector)) {
      var first = sets.next();
      assertThat(first.at("/metadata/leftOut").isMissingNode()).isTrue();
      assertThat(first.at("/$evaluators").toString()).contains("[\"u1\"]", "[\"u2\"]");

      admin.create(members, "{\"keys\":[\"u3\"]}");

      assertThat(sets.next().at("/$evaluators").toString()).contains("[\"u1\",\"u3\"]");
    }
  }

  @Test
  void aListThatIsTooLongKeepsItsFlagOutAndComesBackWhenItIsShorter() throws Exception {
    var selector = environment("longer", "server");
    var members = listSegment("longer");
    var targeting = "/projects/longer/flags/vip/environments/production";
    try (var sets = new Sets(selector)) {
      assertThat(sets.next().get("flags").has("vip")).isTrue();
      assertThat(admin.get(targeting).has("warnings")).isFalse();

      admin.create(members, "{\"keys\":[\"u3\",\"u4\"]}");

      var without = sets.next();
      assertThat(without.at("/metadata/leftOut").stringValue()).isEqualTo("vip");
      assertThat(without.get("flags").has("vip")).isFalse();
      var warning = admin.get(targeting).at("/warnings/0");
      assertThat(warning.path("code").asString()).isEqualTo("not-in-flagd-sync");
      assertThat(warning.path("path").asString()).isEqualTo("rules[0].when");
      assertThat(warning.path("message").asString()).contains("vip").contains("too many");

      admin.send("DELETE", members, "{\"keys\":[\"u4\"]}");

      assertThat(sets.next().get("flags").has("vip")).isTrue();
    }
  }

  @Test
  void membersDoNotMakeASetTooLarge() throws Exception {
    var selector = environment("wide", "server");
    var members = listSegment("wide");
    admin.createFlagFrom(
        "wide",
        "{\"key\":\"other\",\"name\":\"Other\",\"type\":\"string\",\"variants\":{\"a\":\"%s\"}}"
            .formatted("x".repeat(8_500)));
    try (var sets = new Sets(selector)) {
      assertThat(sets.next().get("flags").has("vip")).isTrue();

      admin.create(members, "{\"keys\":[\"%s\"]}".formatted("y".repeat(500)));
      admin.create(
          "/projects/wide/environments/production/segments",
          "{\"key\":\"vips\",\"name\":\"VIPs\",\"contextType\":\"user\"}");
      admin.create(
          "/projects/wide/environments/production/segments/vips/members",
          "{\"keys\":[\"%s\",\"%s\",\"%s\"]}"
              .formatted("a".repeat(500), "b".repeat(500), "c".repeat(500)));
      admin.patch(
          "/projects/wide/flags/vip/environments/production",
          "{\"rules\":[{\"id\":\"r\",\"when\":{\"any\":[{\"segment\":\"vip\"},{\"segment\":\"vips\"}]},\"serve\":{\"variant\":\"on\"}}]}");

      JsonNode without;
      do {
        without = sets.next();
      } while (without.get("flags").has("vip"));
      assertThat(without.get("flags").has("other")).isTrue();
      assertThat(without.at("/metadata/leftOut").stringValue()).isEqualTo("vip");
      assertThat(
              admin
                  .get("/projects/wide/flags/vip/environments/production")
                  .at("/warnings/0/message")
                  .asString())
          .contains("the members of its list stay on the server");
    }
  }

  /// While nobody can read members, whoever did would wait.
  @Test
  void membersOfAListThatHasNotChangedAreNotReadAgain() throws Exception {
    var selector = environment("unchanged", "server");
    listSegment("unchanged");
    admin.createFlag("unchanged", "other");
    try (var sets = new Sets(selector);
        var connection = StoreUrl.of(server.postgres()).open();
        var statement = connection.createStatement()) {
      sets.next();
      connection.setAutoCommit(false);
      statement.execute("LOCK TABLE segment_list_members IN ACCESS EXCLUSIVE MODE");

      admin.serve("unchanged", "other", "production", "on");

      var set = sets.next();
      assertThat(set.at("/flags/other/defaultVariant").stringValue()).isEqualTo("on");
      assertThat(set.get("flags").has("vip")).isTrue();
      connection.rollback();
    }
  }

  @Test
  void whatMembersAreKeptIsWeighedByTheirKeys() throws Exception {
    var selector = environment("weighed", "server");
    var members = listSegment("weighed");
    admin.create(members, "{\"keys\":[\"%s\"]}".formatted("k".repeat(512)));
    double before = kept();
    try (var sets = new Sets(selector)) {
      assertThat(sets.next().get("flags").has("vip")).isTrue();
      assertThat(kept() - before).isBetween(512.0, 4_096.0);
    }
  }

  private static double kept() {
    return server.bean(MeterRegistry.class).get("stitchd.flagd.sync.members").gauge().value();
  }

  /// A flag `vip` for those on a list that has `u1`, and `u2` as an exclusion.
  ///
  /// @return where its included members are
  private static String listSegment(String project) {
    admin.createSegment(
        project, "production", "{\"key\":\"vip\",\"name\":\"VIP\",\"contextType\":\"user\"}");
    var members = "/projects/" + project + "/environments/production/segments/vip/members";
    admin.create(members, "{\"keys\":[\"u1\"]}");
    admin.create(members + "?list=excluded", "{\"keys\":[\"u2\"]}");
    admin.createFlag(project, "vip");
    admin.patch(
        "/projects/" + project + "/flags/vip/environments/production",
        "{\"enabled\":true,\"rules\":[{\"id\":\"r\",\"when\":{\"segment\":\"vip\"},\"serve\":{\"variant\":\"on\"}}]}");
    return members;
  }

  @Test
  void onlyServerKeysGetSetsAndMetadataNeedsNone() {
    assertThat(refused("")).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(refused("apiKey=sdk_server_nobody")).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(refused(environment("client", "client"))).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(sync.getMetadata(GetMetadataRequest.getDefaultInstance()))
        .isEqualTo(
            GetMetadataResponse.newBuilder()
                .setMetadata(com.google.protobuf.Struct.getDefaultInstance())
                .build());
  }

  @Test
  void aSetThatIsTooLargeEndsTheStreamSayingSo() throws Exception {
    var selector = environment("large", "server");
    admin.createFlag("large", "small");
    try (var sets = new Sets(selector);
        var log = LogLines.open()) {
      sets.next();
      admin.createFlagFrom(
          "large",
          "{\"key\":\"big\",\"name\":\"Big\",\"type\":\"string\",\"variants\":{\"a\":\"%s\"}}"
              .formatted("x".repeat(11_000)));

      var end = catchThrowable(sets::next);

      assertThat(Status.fromThrowable(end).getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      assertThat(Status.fromThrowable(end).getDescription()).contains("STITCHD_FLAGD_SYNC_MAX_SET");
      assertThat(log.lines())
          .filteredOn(line -> line.contains("by themselves get no set"))
          .singleElement()
          .asString()
          .contains("raise STITCHD_FLAGD_SYNC_MAX_SET");
    }
    assertThat(refused(selector)).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    var targeting = admin.get("/projects/large/flags/small/environments/production");
    assertThat(targeting.at("/warnings/0/message").asString())
        .startsWith("not in flag sets for flagd's providers: the flag set has")
        .endsWith("at most 10240 are sent");
  }

  @Test
  void aStreamThatIsCancelledLeavesNothingBehind() throws Exception {
    var selector = environment("cancelled", "server");
    try (var sets = new Sets(selector)) {
      sets.next();
      assertThat(
              server
                  .bean(MeterRegistry.class)
                  .find("stitchd.stream.open")
                  .tag("kind", "flagd-sync")
                  .gauge())
          .isNotNull();
    }
    await()
        .atMost(SOON)
        .until(() ->
            server
                    .bean(MeterRegistry.class)
                    .find("stitchd.stream.open")
                    .tag("kind", "flagd-sync")
                    .gauge()
                == null);
  }
}
