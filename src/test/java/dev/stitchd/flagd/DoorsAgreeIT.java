package dev.stitchd.flagd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.flagd.compile.ListedKeys;
import dev.stitchd.flagd.compile.RandomRuleset;
import dev.stitchd.flagd.evaluation.v1.AnyFlag;
import dev.stitchd.flagd.evaluation.v1.ResolveAllRequest;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.ErrorCode;
import dev.stitchd.ruleset.Evaluation;
import dev.stitchd.ruleset.Evaluator;
import dev.stitchd.ruleset.Facts;
import dev.stitchd.ruleset.Flag;
import dev.stitchd.ruleset.Items;
import dev.stitchd.ruleset.Needs;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.Segment;
import dev.stitchd.ruleset.ValueType;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServiceDescriptor;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;

/// The evaluator, OFREP and both versions of flagd's evaluation give the same for flags and
/// contexts by chance: value, variant and reason.
@Timeout(1_200)
class DoorsAgreeIT {

  /// Four flags each, all in one environment.
  private static final int RULESETS = 24;

  /// For each of the flags; some minutes' worth finds what these few do not: -Dstitchd.doors=300.
  private static final int CONTEXTS = Integer.getInteger("stitchd.doors", 4);

  /// A failure says which it was: -Dstitchd.seed=….
  private static final long SEED = Long.getLong("stitchd.seed", System.nanoTime());

  private static final ServiceDescriptor FIRST =
      dev.stitchd.flagd.evaluation.v1.ServiceGrpc.getServiceDescriptor();
  private static final ServiceDescriptor SECOND =
      dev.stitchd.flagd.evaluation.v2.ServiceGrpc.getServiceDescriptor();

  private static final Map<ValueType, String> METHODS =
      Map.of(
          ValueType.BOOLEAN, "ResolveBoolean",
          ValueType.STRING, "ResolveString",
          ValueType.INTEGER, "ResolveInt",
          ValueType.NUMBER, "ResolveFloat",
          ValueType.JSON, "ResolveObject");

  private static Server server;
  private static String key;
  private static ManagedChannel connection;
  private static Channel channel;

  @BeforeAll
  static void start() {
    server = Server.start();
    server.admin().createProject("web");
    server.admin().createEnvironment("web", "production");
    key = server.admin().createSdkKey("web", "production", "server");
    connection =
        NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort()).usePlaintext().build();
    var head = new Metadata();
    head.put(Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER), key);
    channel =
        ClientInterceptors.intercept(connection, MetadataUtils.newAttachHeadersInterceptor(head));
  }

  @AfterAll
  static void stop() {
    connection.shutdownNow();
    server.stop();
  }

  /// What a flag gave by one door.
  private record Given(JsonNode value, String variant, String reason) {}

  @Test
  void allDoorsGiveWhatTheEvaluatorGives() {
    var random = new ArrayList<RandomRuleset>();
    for (int i = 0; i < RULESETS; i++) {
      random.add(new RandomRuleset(SEED + i, true, "r" + i + "-"));
    }
    var published = published(random);
    int compared = 0;
    for (int i = 0; i < CONTEXTS; i++) {
      compared += compare(published, random.get(i % RULESETS).context());
    }
    assertThat(compared).isEqualTo(CONTEXTS * RULESETS * 4 * 5);
  }

  /// All rulesets in one environment of the server, and who is on their lists.
  private record Published(Ruleset ruleset, Map<String, ListedKeys> members) {}

  private static int compare(Published published, ObjectNode context) {
    var expected = new HashMap<String, Evaluation>();
    for (var flag : published.ruleset().flags().keySet()) {
      expected.put(flag, evaluate(published, flag, context));
    }
    var struct = struct(context);
    var body = Json.write(Json.object().set("context", context));
    int compared = 0;
    var bulk =
        server.http().post("/ofrep/v1/evaluate/flags", body, "X-API-Key", key).json().get("flags");
    assertThat(bulk).hasSameSizeAs(expected.keySet());
    for (var answer : bulk) {
      compared += check(expected, answer.get("key").stringValue(), answer, "bulk", context);
    }
    var all =
        dev.stitchd.flagd.evaluation.v1.ServiceGrpc.newBlockingStub(channel)
            .resolveAll(ResolveAllRequest.newBuilder().setContext(struct).build())
            .getFlagsMap();
    assertThat(all).hasSameSizeAs(expected.keySet());
    all.forEach((flag, given) -> check(expected.get(flag), given(given), "ResolveAll", context));
    compared += all.size();
    for (var evaluation : expected.values()) {
      var flag = evaluation.flagKey();
      var answer =
          server.http().post("/ofrep/v1/evaluate/flags/" + flag, body, "X-API-Key", key).json();
      compared += check(expected, flag, answer, "OFREP", context);
      var method = METHODS.get(Objects.requireNonNull(evaluation.type()));
      check(evaluation, given(ask(FIRST, method, flag, struct)), "v1 " + method, context);
      check(evaluation, given(ask(SECOND, method, flag, struct)), "v2 " + method, context);
      compared += 2;
    }
    return compared;
  }

  /// An answer of OFREP, which alone has an error for a flag that lacks a targeting key.
  private static int check(
      Map<String, Evaluation> expected,
      String flag,
      JsonNode answer,
      String door,
      ObjectNode context) {
    var evaluation = expected.get(flag);
    if (evaluation.error() == ErrorCode.TARGETING_KEY_MISSING) {
      assertThat(answer.path("errorCode").asString(""))
          .as(() -> what(evaluation, answer, door, context))
          .isEqualTo("TARGETING_KEY_MISSING");
    } else {
      var given =
          new Given(
              answer.path("value"),
              answer.path("variant").asString(""),
              answer.path("reason").asString(""));
      check(evaluation, given, door, context);
    }
    return 1;
  }

  private static void check(Evaluation expected, Given given, String door, ObjectNode context) {
    Supplier<String> what = () -> what(expected, given, door, context);
    assertThat(given.variant()).as(what).isEqualTo(expected.variant());
    assertThat(given.reason()).as(what).isEqualTo(expected.reason().word());
    assertThat(isSame(given.value(), expected.value())).as(what).isTrue();
  }

  private static String what(Evaluation expected, Object given, String door, ObjectNode context) {
    return "-Dstitchd.seed=%d -Dstitchd.doors=%d, %s: %s for %s instead of %s"
        .formatted(SEED, CONTEXTS, door, given, Json.write(context), expected);
  }

  private static boolean isSame(JsonNode left, JsonNode right) {
    return left.equals(
        (a, b) ->
            a.isNumber() && b.isNumber()
                ? Double.compare(a.doubleValue(), b.doubleValue())
                : a.equals(b) ? 0 : 1,
        right);
  }

  private static Evaluation evaluate(Published published, String flag, ObjectNode context) {
    var read = new EvaluationContext(context, Set.of());
    var known = new HashMap<Needs.Member, Facts.Membership>();
    published
        .members()
        .forEach((list, members) -> {
          for (var type : List.of("user", "organization")) {
            var who = Objects.requireNonNullElse(read.keyOf(type), "");
            known.put(
                new Needs.Member(list, who),
                members.excluded().contains(who)
                    ? Facts.Membership.EXCLUDED
                    : members.included().contains(who)
                        ? Facts.Membership.INCLUDED
                        : Facts.Membership.ABSENT);
          }
        });
    return Evaluator.evaluate(published.ruleset(), flag, read, new Facts(known, Instant.now()));
  }

  private static Message ask(ServiceDescriptor service, String name, String flag, Struct context) {
    @SuppressWarnings("unchecked")
    var method =
        (MethodDescriptor<Message, Message>)
            service.getMethods().stream()
                .filter(one -> name.equals(one.getBareMethodName()))
                .findFirst()
                .orElseThrow();
    var prototype =
        ((PrototypeMarshaller<Message>) method.getRequestMarshaller()).getMessagePrototype();
    var request = Objects.requireNonNull(prototype).newBuilderForType();
    var fields = request.getDescriptorForType();
    request.setField(fields.findFieldByName("flag_key"), flag);
    request.setField(fields.findFieldByName("context"), context);
    return ClientCalls.blockingUnaryCall(channel, method, CallOptions.DEFAULT, request.build());
  }

  private static Given given(Message answer) {
    return new Given(
        json(field(answer, "value")),
        (String) field(answer, "variant"),
        (String) field(answer, "reason"));
  }

  private static Object field(Message message, String name) {
    return message.getField(message.getDescriptorForType().findFieldByName(name));
  }

  private static Given given(AnyFlag flag) {
    var value =
        switch (flag.getValueCase()) {
          case BOOL_VALUE -> json(flag.getBoolValue());
          case STRING_VALUE -> json(flag.getStringValue());
          case DOUBLE_VALUE -> json(flag.getDoubleValue());
          case OBJECT_VALUE -> json(flag.getObjectValue());
          case VALUE_NOT_SET -> NullNode.getInstance();
        };
    return new Given(value, flag.getVariant(), flag.getReason());
  }

  private static JsonNode json(Object value) {
    var json = Json.object();
    switch (value) {
      case Boolean bool -> json.put("it", bool);
      case String text -> json.put("it", text);
      case Long whole -> json.put("it", whole);
      case Double number -> json.put("it", number);
      default -> json.set("it", object((Struct) value));
    }
    return json.get("it");
  }

  private static JsonNode object(Struct struct) {
    try {
      return Json.parseOwn(JsonFormat.printer().print(struct));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Struct struct(ObjectNode object) {
    var struct = Struct.newBuilder();
    try {
      JsonFormat.parser().merge(Json.write(object), struct);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
    return struct.build();
  }

  /// Publishes all of it as one change, and waits until the server has it.
  private static Published published(List<RandomRuleset> all) {
    var items = new ArrayList<String>();
    var members = new HashMap<String, ListedKeys>();
    var flags = new HashMap<String, Flag>();
    var segments = new HashMap<String, Segment>();
    for (var random : all) {
      var one = random.ruleset();
      members.putAll(random.members());
      flags.putAll(one.flags());
      segments.putAll(one.segments());
      one.flags()
          .forEach((name, flag) ->
              items.add(item("flag", name, Items.flag(flag.shape(), flag.targeting()))));
      one.segments()
          .forEach((name, segment) -> items.add(item("segment", name, Items.segment(segment))));
    }
    members.forEach(DoorsAgreeIT::list);
    sql("UPDATE environments SET revision = revision + 1");
    var values = String.join(",", items);
    sql(
        "INSERT INTO environment_items (tenant_id, environment_id, item_kind, item_key, item, revision) SELECT tenant_id, id, kind, item_key, item::json, revision FROM environments, (VALUES %s) v (kind, item_key, item)"
            .formatted(values));
    sql(
        "INSERT INTO environment_changes (tenant_id, environment_id, revision, item_kind, item_key, item, actor) SELECT tenant_id, environment_id, revision, item_kind, item_key, item, 'test' FROM environment_items");
    sql(
        "SELECT pg_notify('stitchd', id || ' ' || revision || ' ' || access_version) FROM environments");
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() ->
            server
                    .http()
                    .post("/ofrep/v1/evaluate/flags", "{}", "X-API-Key", key)
                    .json()
                    .path("flags")
                    .size()
                == all.size() * 4);
    return new Published(Ruleset.of(flags, segments), members);
  }

  private static void list(String segment, ListedKeys members) {
    var rows = new ArrayList<String>();
    members.included().forEach(member -> rows.add("(true,'" + member + "')"));
    members.excluded().forEach(member -> rows.add("(false,'" + member + "')"));
    rows.add("(true,'nobody')");
    sql(
        """
        WITH segment AS (
          INSERT INTO segments (tenant_id, environment_id, key, name, created_by)
          SELECT tenant_id, id, '%1$s', '%1$s', 'test' FROM environments
          RETURNING tenant_id, environment_id, id),
        made AS (
          INSERT INTO segment_generations (tenant_id, environment_id, segment_id)
          SELECT tenant_id, environment_id, id FROM segment
          RETURNING tenant_id, environment_id, segment_id, generation),
        list AS (
          INSERT INTO segment_lists (tenant_id, environment_id, segment_id, segment_key, generation, version, published_version)
          SELECT tenant_id, environment_id, segment_id, '%1$s', generation, 1, 1 FROM made)
        INSERT INTO segment_list_members (tenant_id, generation, included, context_key)
        SELECT tenant_id, generation, included, context_key
          FROM made, (VALUES %2$s) AS member (included, context_key)\
        """
            .formatted(segment, String.join(",", rows)));
  }

  private static String item(String kind, String key, ObjectNode item) {
    return "('%s','%s','%s')".formatted(kind, key, Json.write(item).replace("'", "''"));
  }

  private static void sql(String sql) {
    var _ = StoreUrl.of(server.postgres()).query(sql);
  }
}
