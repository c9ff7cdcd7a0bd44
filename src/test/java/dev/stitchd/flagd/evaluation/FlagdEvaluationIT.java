package dev.stitchd.flagd.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ListValue;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Server;
import dev.stitchd.kernel.Json;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// flagd's evaluation services of a whole server, through generated stubs.
@Timeout(120)
class FlagdEvaluationIT {

  private static final Struct USER =
      struct("{\"targetingKey\":\"u1\",\"plan\":\"pro\",\"age\":30}");
  private static final Struct NOBODY = Struct.getDefaultInstance();

  private static Server server;
  private static Admin admin;
  private static String serverKey;
  private static String clientKey;
  private static ManagedChannel channel;
  private static dev.stitchd.flagd.evaluation.v1.ServiceGrpc.ServiceBlockingStub first;
  private static dev.stitchd.flagd.evaluation.v2.ServiceGrpc.ServiceBlockingStub second;

  @BeforeAll
  static void start() {
    server = Server.start();
    admin = server.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    serverKey = admin.createSdkKey("web", "production", "server");
    clientKey = admin.createSdkKey("web", "production", "client");
    flag("bool", "boolean", "{\"on\":true,\"off\":false}", false, "on");
    flag("falsy", "boolean", "{\"on\":true,\"off\":false}", true, "off");
    flag("text", "string", "{\"a\":\"Grüße 🎉\",\"b\":\"\"}", true, "a");
    flag("whole", "integer", "{\"most\":9007199254740991,\"ten\":10}", false, "most");
    flag("real", "number", "{\"ten\":10,\"tenth\":0.1}", false, "tenth");
    flag("tree", "json", "{\"o\":{\"a\":[1,2.5,null],\"b\":{\"c\":\"d\"}},\"e\":{}}", false, "o");
    flag("list", "json", "{\"l\":[1],\"o\":{}}", false, "l");
    flag("huge", "json", "{\"h\":{\"n\":9007199254740993}}", false, "h");
    admin.createFlagFrom(
        "web",
        "{\"key\":\"disabled\",\"name\":\"d\",\"type\":\"string\",\"variants\":{\"one\":\"1\",\"two\":\"2\"}}");
    flag("ruled", "boolean", "{\"on\":true,\"off\":false}", false, "off");
    admin.changeTargeting(
        "web",
        "ruled",
        "production",
        targeting -> {
          var rules = targeting.putArray("rules");
          rules
              .addObject()
              .put("id", "pro")
              .setAll(
                  Map.of(
                      "when",
                      Json.parseOwn(
                          "{\"attribute\":\"plan\",\"op\":\"equals\",\"values\":[\"pro\"]}"),
                      "serve",
                      Json.parseOwn("{\"variant\":\"on\"}")));
        });
    flag("rolled", "boolean", "{\"on\":true,\"off\":false}", false, "off");
    admin.changeTargeting(
        "web",
        "rolled",
        "production",
        targeting ->
            targeting
                .putObject("default")
                .set(
                    "rollout",
                    Json.parseOwn(
                        "{\"bucketBy\":\"targetingKey\",\"weights\":{\"on\":50,\"off\":50}}")));
    channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort()).usePlaintext().build();
    first = first(with("authorization", "Bearer " + serverKey));
    second = second(with("authorization", "Bearer " + serverKey));
  }

  @AfterAll
  static void stop() {
    channel.shutdownNow();
    server.stop();
  }

  private static void flag(
      String key, String type, String variants, boolean clientVisible, String given) {
    admin.createFlagFrom(
        "web",
        "{\"key\":\"%s\",\"name\":\"%s\",\"type\":\"%s\",\"variants\":%s,\"clientVisible\":%s}"
            .formatted(key, key, type, variants, clientVisible));
    admin.serve("web", key, "production", given);
  }

  private static Channel with(String name, String value) {
    var head = new Metadata();
    head.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
    return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(head));
  }

  private static dev.stitchd.flagd.evaluation.v1.ServiceGrpc.ServiceBlockingStub first(
      Channel channel) {
    return dev.stitchd.flagd.evaluation.v1.ServiceGrpc.newBlockingStub(channel);
  }

  private static dev.stitchd.flagd.evaluation.v2.ServiceGrpc.ServiceBlockingStub second(
      Channel channel) {
    return dev.stitchd.flagd.evaluation.v2.ServiceGrpc.newBlockingStub(channel);
  }

  private static Struct struct(String json) {
    var struct = Struct.newBuilder();
    try {
      JsonFormat.parser().merge(json, struct);
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new IllegalArgumentException(e);
    }
    return struct.build();
  }

  private static dev.stitchd.flagd.evaluation.v2.ResolveBooleanResponse bool(
      Channel through, String flag, Struct context) {
    return second(through)
        .resolveBoolean(
            dev.stitchd.flagd.evaluation.v2.ResolveBooleanRequest.newBuilder()
                .setFlagKey(flag)
                .setContext(context)
                .build());
  }

  private static dev.stitchd.flagd.evaluation.v2.ResolveObjectResponse object(String flag) {
    return second.resolveObject(
        dev.stitchd.flagd.evaluation.v2.ResolveObjectRequest.newBuilder()
            .setFlagKey(flag)
            .setContext(USER)
            .build());
  }

  private static dev.stitchd.flagd.evaluation.v2.ResolveIntResponse whole(String flag) {
    return second.resolveInt(
        dev.stitchd.flagd.evaluation.v2.ResolveIntRequest.newBuilder()
            .setFlagKey(flag)
            .setContext(USER)
            .build());
  }

  private static dev.stitchd.flagd.evaluation.v2.ResolveFloatResponse real(String flag) {
    return second.resolveFloat(
        dev.stitchd.flagd.evaluation.v2.ResolveFloatRequest.newBuilder()
            .setFlagKey(flag)
            .setContext(USER)
            .build());
  }

  private static Status refused(Supplier<? extends Message> call) {
    var failure = catchThrowableOfType(StatusRuntimeException.class, call::get);
    assertThat(failure).as("a call that is refused").isNotNull();
    return failure.getStatus();
  }

  private static void assertRefused(
      Supplier<? extends Message> call, Status.Code code, String says) {
    var status = refused(call);
    assertThat(status.getCode()).as(status.toString()).isEqualTo(code);
    assertThat(status.getDescription()).contains(says);
  }

  @Test
  void everyTypeIsAnsweredWithValueVariantReasonAndMetadata() {
    var bool = bool(with("x-api-key", serverKey), "bool", USER);
    assertThat(bool.getValue()).isTrue();
    assertThat(bool.getVariant()).isEqualTo("on");
    assertThat(bool.getReason()).isEqualTo("STATIC");
    var text =
        second.resolveString(
            dev.stitchd.flagd.evaluation.v2.ResolveStringRequest.newBuilder()
                .setFlagKey("text")
                .build());
    assertThat(text.getValue()).isEqualTo("Grüße 🎉");
    assertThat(whole("whole").getValue()).isEqualTo(9007199254740991L);
    assertThat(real("real").getValue()).isEqualTo(0.1);
    assertThat(object("tree").getValue())
        .isEqualTo(struct("{\"a\":[1,2.5,null],\"b\":{\"c\":\"d\"}}"));
    var ruled = bool(with("x-api-key", serverKey), "ruled", USER);
    assertThat(ruled.getReason()).isEqualTo("TARGETING_MATCH");
    assertThat(ruled.getMetadata()).isEqualTo(struct("{\"ruleId\":\"pro\"}"));
    var rolled = bool(with("x-api-key", serverKey), "rolled", USER);
    assertThat(rolled.getReason()).isEqualTo("SPLIT");
  }

  @Test
  void aValueOfTheSecondVersionIsThereAlsoIfItIsFalse() {
    var answer = bool(with("x-api-key", serverKey), "falsy", USER);
    assertThat(answer.hasValue()).isTrue();
    assertThat(answer.getValue()).isFalse();
    assertThat(answer.getVariant()).isEqualTo("off");
  }

  @Test
  void theFirstVersionAnswersTheSame() {
    var answer =
        first.resolveBoolean(
            dev.stitchd.flagd.evaluation.v1.ResolveBooleanRequest.newBuilder()
                .setFlagKey("ruled")
                .setContext(USER)
                .build());
    assertThat(answer.getValue()).isTrue();
    assertThat(answer.getVariant()).isEqualTo("on");
    assertThat(answer.getReason()).isEqualTo("TARGETING_MATCH");
    assertThat(answer.getMetadata()).isEqualTo(struct("{\"ruleId\":\"pro\"}"));
  }

  @Test
  void aFlagThatIsOffGivesItsOffVariant() {
    var answer =
        second.resolveString(
            dev.stitchd.flagd.evaluation.v2.ResolveStringRequest.newBuilder()
                .setFlagKey("disabled")
                .build());
    assertThat(answer.getValue()).isEqualTo("1");
    assertThat(answer.getReason()).isEqualTo("DISABLED");
  }

  @Test
  void aRolloutWithoutItsUnitGivesTheOffVariant() {
    var answer = bool(with("x-api-key", serverKey), "rolled", NOBODY);
    assertThat(answer.hasValue()).isTrue();
    assertThat(answer.getValue()).isFalse();
    assertThat(answer.getReason()).isEqualTo("DEFAULT");
  }

  @Test
  void floatsAreAnsweredFromIntegersAndIntegersFromNothingElse() {
    assertThat(real("whole").getValue()).isEqualTo(9007199254740991.0);
    assertRefused(() -> whole("real"), Status.Code.INVALID_ARGUMENT, "is of type number");
    assertRefused(() -> whole("bool"), Status.Code.INVALID_ARGUMENT, "is of type boolean");
    assertRefused(() -> object("text"), Status.Code.INVALID_ARGUMENT, "is of type string");
  }

  @Test
  void whatAStructCannotCarryIsRefusedAndNotChanged() {
    assertRefused(() -> object("list"), Status.Code.INVALID_ARGUMENT, "is a list");
    assertRefused(() -> object("huge"), Status.Code.INVALID_ARGUMENT, "holds a whole number");
  }

  @Test
  void anUnknownFlagIsNotFound() {
    assertRefused(
        () -> bool(with("x-api-key", serverKey), "nothing", USER),
        Status.Code.NOT_FOUND,
        "there is no flag 'nothing'");
    assertRefused(
        () -> bool(with("x-api-key", serverKey), "", USER), Status.Code.NOT_FOUND, "no flag ''");
  }

  @Test
  void aClientKeySeesOnlyVisibleFlags() {
    assertThat(bool(with("x-api-key", clientKey), "falsy", USER).getVariant()).isEqualTo("off");
    var hidden = refused(() -> bool(with("x-api-key", clientKey), "bool", USER));
    var unknown = refused(() -> bool(with("x-api-key", clientKey), "nothing", USER));
    assertThat(hidden.getCode()).isEqualTo(Status.Code.NOT_FOUND);
    assertThat(hidden.getDescription())
        .isEqualTo(unknown.getDescription().replace("nothing", "bool"));
    var all = first(with("x-api-key", clientKey)).resolveAll(all(USER));
    assertThat(all.getFlagsMap()).containsOnlyKeys("falsy", "text");
    assertThat(all.getMetadata()).isEqualTo(struct("{\"environment\":\"production\"}"));
  }

  private static dev.stitchd.flagd.evaluation.v1.ResolveAllRequest all(Struct context) {
    return dev.stitchd.flagd.evaluation.v1.ResolveAllRequest.newBuilder()
        .setContext(context)
        .build();
  }

  @Test
  void allFlagsAreNamedAtOnce() {
    var flags = first.resolveAll(all(NOBODY)).getFlagsMap();
    assertThat(flags)
        .containsOnlyKeys(
            "bool",
            "disabled",
            "falsy",
            "huge",
            "list",
            "real",
            "rolled",
            "ruled",
            "text",
            "tree",
            "whole");
    assertThat(flags.get("bool").getBoolValue()).isTrue();
    assertThat(flags.get("whole").getDoubleValue()).isEqualTo(9007199254740991.0);
    assertThat(flags.get("tree").getObjectValue().getFieldsMap()).containsKey("a");
    assertThat(flags.get("rolled").getReason()).isEqualTo("DEFAULT");
    assertThat(flags.get("rolled").getVariant()).isEqualTo("off");
    assertThat(flags.get("list").getReason()).isEqualTo("ERROR");
    assertThat(flags.get("list").getMetadata().getFieldsOrThrow("errorDetails").getStringValue())
        .contains("is a list");
  }

  @Test
  void theKeyIsFoundWhereverAProviderCanPutIt() {
    assertThat(bool(with("authorization", "Bearer " + serverKey), "bool", USER).getValue())
        .isTrue();
    assertThat(bool(with("x-api-key", serverKey), "bool", USER).getValue()).isTrue();
    assertThat(
            bool(with("flagd-selector", "flagSetId=web, apiKey=" + serverKey), "bool", USER)
                .getValue())
        .isTrue();
    var named =
        NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
            .overrideAuthority(serverKey + ".flags.example:8013")
            .usePlaintext()
            .build();
    try {
      assertThat(bool(named, "bool", USER).getValue()).isTrue();
      assertThat(
              bool(
                      ClientInterceptors.intercept(
                          named, MetadataUtils.newAttachHeadersInterceptor(head(clientKey))),
                      "falsy",
                      USER)
                  .getVariant())
          .isEqualTo("off"); // what is said earlier in the list counts
    } finally {
      named.shutdownNow();
    }
  }

  private static Metadata head(String key) {
    var head = new Metadata();
    head.put(Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER), key);
    return head;
  }

  @Test
  void withoutARightKeyNothingIsAnswered() {
    assertRefused(
        () -> bool(channel, "bool", USER), Status.Code.UNAUTHENTICATED, "send an SDK key");
    assertRefused(
        () -> bool(with("x-api-key", "sdk_srv_" + "0".repeat(40)), "bool", USER),
        Status.Code.UNAUTHENTICATED,
        "");
    assertRefused(
        () -> bool(with("authorization", "Basic abc"), "bool", USER),
        Status.Code.UNAUTHENTICATED,
        "");
  }

  @Test
  void aContextThatIsNoneIsRefusedWithItsMistakes() {
    assertRefused(
        () -> bool(with("x-api-key", serverKey), "bool", struct("{\"targetingKey\":7}")),
        Status.Code.INVALID_ARGUMENT,
        "context.targetingKey");
    assertRefused(
        () -> bool(with("x-api-key", serverKey), "bool", nested(9)),
        Status.Code.INVALID_ARGUMENT,
        "nests deeper than 8 levels");
    assertRefused(
        () ->
            bool(
                with("x-api-key", serverKey),
                "bool",
                struct("{\"a\":\"" + "x".repeat(70_000) + "\"}")),
        Status.Code.INVALID_ARGUMENT,
        "at most 65536 are allowed");
  }

  private static Struct nested(int levels) {
    var struct = Struct.getDefaultInstance();
    for (int i = 1; i < levels; i++) {
      struct =
          Struct.newBuilder()
              .putFields("a", Value.newBuilder().setStructValue(struct).build())
              .build();
    }
    return struct;
  }

  @Test
  void messagesThatAreTooLargeAreRefused() {
    assertRefused(
        () ->
            bool(
                with("x-api-key", serverKey),
                "bool",
                struct("{\"a\":\"" + "x".repeat(300_000) + "\"}")),
        Status.Code.RESOURCE_EXHAUSTED,
        "gRPC message exceeds maximum size 262144");
  }

  @Test
  void whatNoStoreCanKeepIsUnknownAsElsewhere() {
    var odd =
        Struct.newBuilder()
            .putFields("plan", Value.newBuilder().setNumberValue(Double.NaN).build())
            .putFields(
                "list",
                Value.newBuilder()
                    .setListValue(
                        ListValue.newBuilder().addValues(Value.getDefaultInstance()).build())
                    .build())
            .build();
    assertThat(bool(with("x-api-key", serverKey), "ruled", odd).getReason()).isEqualTo("DEFAULT");
  }

  @Test
  void aCallWhoseTimeIsOverIsCancelledAndTheNextOneIsAnswered() {
    assertRefused(
        () ->
            second
                .withDeadlineAfter(0, TimeUnit.NANOSECONDS)
                .resolveBoolean(
                    dev.stitchd.flagd.evaluation.v2.ResolveBooleanRequest.newBuilder()
                        .setFlagKey("bool")
                        .build()),
        Status.Code.DEADLINE_EXCEEDED,
        "");
    assertThat(bool(with("x-api-key", serverKey), "bool", USER).getValue()).isTrue();
  }
}
