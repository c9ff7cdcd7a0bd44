package dev.stitchd.ofrep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.access.Access;
import dev.stitchd.access.ManagementCaller;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.access.StreamTokens;
import dev.stitchd.decide.Decisions;
import dev.stitchd.endpoint.EndpointServer;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.EnvironmentSettings;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.ruleset.ErrorCode;
import dev.stitchd.ruleset.Evaluation;
import dev.stitchd.ruleset.Reason;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.ValueType;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.DerivedValues;
import dev.stitchd.snapshot.ItemHistory;
import dev.stitchd.snapshot.Reached;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.test.web.reactive.server.EntityExchangeResult;
import org.springframework.test.web.reactive.server.WebTestClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.DoubleNode;
import tools.jackson.databind.node.ObjectNode;

/// The wire as OFREP's clients see it; what is decided is a fake's.
class EvaluationEndpointsTest {

  private static final String ONE = "/ofrep/v1/evaluate/flags/checkout";
  private static final String ALL = "/ofrep/v1/evaluate/flags";

  private static final OfrepSettings SETTINGS =
      OfrepSettingsTest.with(Duration.ofSeconds(2), 2_500, Duration.ofSeconds(30));

  private SdkCaller caller = caller(SdkCaller.Kind.SERVER);
  private RuntimeException refusal;
  private ObjectNode settings = Json.object();
  private long revision = 812;
  private Evaluation evaluation = given(Json.parseOwn("true"), "on", Reason.TARGETING_MATCH, "r1");
  private EvaluationContext seen;
  private String asked;
  private String token = "t1";
  private long atLeast = -1;
  private Reached.Place place = Reached.Place.HELD;

  private final FakeSnapshots snapshots = new FakeSnapshots();
  private final OfrepQuestions questions = new OfrepQuestions(snapshots, SETTINGS);
  private final EndpointServer server =
      new EndpointServer(
          new FakeAccess(),
          new FakeTokens(),
          snapshots,
          new FlagEndpoint(questions, new FakeDecisions()),
          new FlagsEndpoint(
              questions, new FakeDecisions(), new EventStreamLink(new FakeTokens(), SETTINGS)));
  private final WebTestClient client =
      WebTestClient.bindToServer().baseUrl("http://127.0.0.1:" + server.port()).build();

  @AfterEach
  void close() {
    server.close();
  }

  private static SdkCaller caller(SdkCaller.Kind kind) {
    return new SdkCaller(
        UUID.randomUUID(), new TenantId(new UUID(0, 1)), new EnvironmentId(new UUID(0, 2)), kind);
  }

  private static Evaluation given(JsonNode value, String variant, Reason reason, String ruleId) {
    return new Evaluation(
        "checkout", ValueType.BOOLEAN, reason, variant, value, ruleId, false, null, null);
  }

  private EntityExchangeResult<byte[]> post(String path, byte[] body, String... headers) {
    var request =
        client
            .post()
            .uri(java.net.URI.create("http://127.0.0.1:" + server.port() + path))
            .header("Content-Type", "application/json; charset=utf-8");
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return request.bodyValue(body).exchange().expectBody().returnResult();
  }

  private EntityExchangeResult<byte[]> post(String path, String body, String... headers) {
    return post(path, body.getBytes(StandardCharsets.UTF_8), headers);
  }

  private static String text(EntityExchangeResult<byte[]> answer) {
    var body = answer.getResponseBody();
    return body == null ? "" : new String(body, StandardCharsets.UTF_8);
  }

  private void assertRefused(EntityExchangeResult<byte[]> answer, int status, String code) {
    assertThat(answer.getStatus().value()).isEqualTo(status);
    assertThat(answer.getResponseHeaders().getContentType()).hasToString("application/json");
    var body = Json.parseOwn(text(answer));
    assertThat(body.path("key").asString("")).isEqualTo("checkout");
    assertThat(body.path("errorCode").asString("")).isEqualTo(code);
    assertThat(body.path("errorDetails").asString("")).isNotBlank();
  }

  @Test
  void oneFlagIsAnsweredInFull() {
    var answer = post(ONE, "{\"context\":{\"targetingKey\":\"u1\",\"plan\":\"pro\"}}");
    assertThat(text(answer))
        .isEqualTo(
            "{\"key\":\"checkout\",\"value\":true,\"reason\":\"TARGETING_MATCH\",\"variant\":\"on\",\"metadata\":{\"ruleId\":\"r1\"}}");
    assertThat(answer.getStatus().value()).isEqualTo(200);
    assertThat(answer.getResponseHeaders().getContentType()).hasToString("application/json");
    assertThat(answer.getResponseHeaders().getCacheControl()).isEqualTo("private, no-cache");
    assertThat(answer.getResponseHeaders().getVary())
        .containsExactly("Authorization", "X-API-Key", "Accept-Encoding", "Origin");
    assertThat(seen.targetingKey()).isEqualTo("u1");
    assertThat(seen.at(List.of("plan")).asString()).isEqualTo("pro");
  }

  @Test
  void rolloutWithoutTargetingKeyIsAnErrorThatNamesIt() {
    evaluation =
        given(Json.parseOwn("false"), "off", Reason.DEFAULT, null)
            .withError(ErrorCode.TARGETING_KEY_MISSING);
    assertRefused(post(ONE, "{}"), 400, "TARGETING_KEY_MISSING");
    assertThat(text(post(ALL, "{}")))
        .contains("{\"key\":\"checkout\",\"errorCode\":\"TARGETING_KEY_MISSING\",")
        .doesNotContain("variant");
  }

  @Test
  void wholeNumberOfANumberFlagKeepsItsFraction() {
    evaluation = given(DoubleNode.valueOf(10), "ten", Reason.STATIC, null);
    assertThat(text(post(ONE, "{}")))
        .isEqualTo(
            "{\"key\":\"checkout\",\"value\":10.0,\"reason\":\"STATIC\",\"variant\":\"ten\"}");
  }

  @Test
  void degradedAnswerSaysSo() {
    evaluation =
        new Evaluation(
            "checkout",
            ValueType.STRING,
            Reason.DEFAULT,
            "a",
            Json.parseOwn("\"A\""),
            null,
            true,
            null,
            null);
    assertThat(text(post(ONE, "{}"))).endsWith(",\"metadata\":{\"degraded\":true}}");
  }

  @Test
  void failedPrerequisiteIsADefaultHere() {
    evaluation = given(Json.parseOwn("false"), "off", Reason.PREREQUISITE_FAILED, null);
    assertThat(text(post(ONE, "{}"))).contains("\"reason\":\"DEFAULT\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "{}", "{\"context\":null}", "{\"context\":{}}", "{\"other\":1}", " {\n} "})
  void requestWithoutAContextIsEvaluatedWithNothingKnown(String body) {
    assertThat(post(ONE, body).getStatus().value()).isEqualTo(200);
    assertThat(seen.targetingKey()).isNull();
  }

  @Test
  void emptyTargetingKeyCountsAsAbsent() {
    assertThat(post(ONE, "{\"context\":{\"targetingKey\":\"\"}}").getStatus().value())
        .isEqualTo(200);
    assertThat(seen.targetingKey()).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "nonsense", "[]", "\"text\"", "{} {}", "{\"a\":1,\"a\":2}"})
  void bodyThatIsNotAnObjectIsAParseError(String body) {
    assertRefused(post(ONE, body), 400, "PARSE_ERROR");
    assertThat(seen).isNull();
  }

  @Test
  void brokenUtf8IsAParseError() {
    var body = "{\"context\":{\"name\":\"?\"}}".getBytes(StandardCharsets.UTF_8);
    body[body.length - 4] = (byte) 0xC3;
    assertRefused(post(ONE, body), 400, "PARSE_ERROR");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"context\":[]}",
        "{\"context\":\"u1\"}",
        "{\"context\":{\"targetingKey\":7}}",
        "{\"context\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}}"
      })
  void contextOfAnotherFormIsInvalid(String body) {
    assertRefused(post(ONE, body), 400, "INVALID_CONTEXT");
  }

  @Test
  void anyNameThatJsonCanCarryIsTaken() {
    for (var name : List.of("app.version", "", "a b", "\\\"", "日本", ".")) {
      var answer = post(ONE, "{\"context\":{\"" + name + "\":1}}");
      assertThat(answer.getStatus().value()).as(name).isEqualTo(200);
    }
    post(ONE, "{\"context\":{\"app.version\":\"1.2.3\"}}");
    assertThat(seen.at(List.of("app.version")).asString()).isEqualTo("1.2.3");
  }

  @Test
  void oneAttributeThatNothingCanKeepIsUnknownAndTheOthersAreNot() {
    for (var odd : List.of("1e400", "-1e400", "\"\\ud800\"", "\"a\\u0000b\"", "\"\\udc00x\"")) {
      var body =
          "{\"context\":{\"targetingKey\":\"u1\",\"plan\":\"pro\",\"odd\":%1$s,\"deep\":{\"a.b\":[1,%1$s]}}}";
      assertThat(post(ONE, body.formatted(odd)).getStatus().value()).as(odd).isEqualTo(200);
      assertThat(seen.at(List.of("odd"))).isNull();
      assertThat(seen.at(List.of("deep", "a.b")).size()).isEqualTo(2);
      assertThat(seen.at(List.of("plan")).asString()).isEqualTo("pro");
      assertThat(seen.targetingKey()).isEqualTo("u1");
      assertThat(seen.unreadable()).containsExactlyInAnyOrder("odd", "deep.\"a.b\"[1]");
    }
    post(ONE, "{\"context\":{\"a\\u0000\":1,\"b\":2}}");
    assertThat(seen.unreadable()).containsExactly("a?");
    assertThat(seen.at(List.of("b")).asInt()).isEqualTo(2);
    post(ONE, "{\"context\":{\"targetingKey\":\"\\ud83d\"}}");
    assertThat(seen.targetingKey()).isNull();
    assertThat(seen.unreadable()).containsExactly("targetingKey");
  }

  @Test
  void whatCannotBeReadOutsideTheContextIsNamed() {
    var answer = post(ONE, "{\"context\":{},\"other\":{\"big\":1e400}}");
    assertRefused(answer, 400, "PARSE_ERROR");
    assertThat(text(answer)).contains("other.big is a number beyond");
  }

  @Test
  void contextAboveTheLimitIsInvalidAndOneBelowIsNot() {
    var fits = "{\"context\":{\"a\":\"" + "x".repeat(64 * 1024 - 8) + "\"}}";
    assertThat(post(ONE, fits).getStatus().value()).isEqualTo(200);
    var large = "{\"context\":{\"a\":\"" + "x".repeat(64 * 1024 - 7) + "\"}}";
    assertRefused(post(ONE, large), 400, "INVALID_CONTEXT");
  }

  @Test
  void tenMegabytesAreTooLarge() {
    assertRefused(post(ONE, new byte[10 << 20]), 413, "PARSE_ERROR");
  }

  @Test
  void unknownFlagIsNotFound() {
    evaluation =
        new Evaluation(
            "checkout",
            null,
            Reason.ERROR,
            null,
            null,
            null,
            false,
            null,
            ErrorCode.FLAG_NOT_FOUND);
    assertRefused(post(ONE, "{}"), 404, "FLAG_NOT_FOUND");
  }

  @Test
  void damagedFlagIsAnErrorAndNeverA200() {
    evaluation =
        new Evaluation(
            "checkout", null, Reason.ERROR, null, null, null, false, null, ErrorCode.GENERAL);
    assertRefused(post(ONE, "{}"), 500, "GENERAL");
  }

  @Test
  void missingCredentialHasABody() {
    refusal = new Problem.Unauthenticated("send an SDK key");
    var answer = post(ONE, "{}");
    assertRefused(answer, 401, "GENERAL");
    assertThat(answer.getResponseHeaders().getFirst("WWW-Authenticate")).isEqualTo("Bearer");
  }

  @Test
  void callerThatMustWaitHearsWholeSeconds() {
    refusal = new Problem.TooMany("slow down", Duration.ofMillis(1_200));
    var tooMany = post(ONE, "{}");
    assertRefused(tooMany, 429, "GENERAL");
    assertThat(tooMany.getResponseHeaders().getFirst("Retry-After")).isEqualTo("2");
    refusal = new Problem.Unavailable("no store", Duration.ofSeconds(3));
    var unavailable = post(ONE, "{}");
    assertRefused(unavailable, 503, "GENERAL");
    assertThat(unavailable.getResponseHeaders().getFirst("Retry-After")).isEqualTo("3");
  }

  @Test
  void defectIsA500WithoutItsMessage() {
    refusal = new IllegalStateException("SELECT secret FROM keys");
    var answer = post(ONE, "{}");
    assertRefused(answer, 500, "GENERAL");
    assertThat(text(answer)).doesNotContain("secret");
  }

  @Test
  void keyOfADeletedEnvironmentIsNoCredential() {
    revision = -1;
    assertRefused(post(ONE, "{}"), 401, "GENERAL");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/ofrep/v1/evaluate/flags/",
        "/ofrep/v1/evaluate/flagsandmore",
        "/ofrep/v1/evaluate"
      })
  void otherPathsAreNotOfThisDoor(String path) {
    assertThat(post(path, "{}").getStatus()).isEqualTo(HttpStatus.I_AM_A_TEAPOT);
  }

  @Test
  void otherMethodsAreRefusedInThisProtocolsForm() {
    var answer = client.get().uri(ONE).exchange().expectBody().returnResult();
    assertRefused(answer, 405, "GENERAL");
    assertThat(answer.getResponseHeaders().getFirst("Allow")).isEqualTo("POST");
  }

  @Test
  void aKeyWithASlashIsNoFlagAndThatIsSaidInThisProtocolsForm() {
    evaluation = Evaluation.error("a/b", null, ErrorCode.FLAG_NOT_FOUND);
    var answer = post("/ofrep/v1/evaluate/flags/a/b", "{}");
    assertThat(answer.getStatus().value()).isEqualTo(404);
    assertThat(text(answer)).startsWith("{\"key\":\"a/b\",\"errorCode\":\"FLAG_NOT_FOUND\"");
    assertThat(asked).isEqualTo("a/b");
  }

  @Test
  void escapesInAKeyAreRead() {
    evaluation =
        new Evaluation(
            "a b", null, Reason.ERROR, null, null, null, false, null, ErrorCode.FLAG_NOT_FOUND);
    assertThat(text(post("/ofrep/v1/evaluate/flags/a%20b", "{}"))).contains("\"key\":\"a b\"");
    assertThat(asked).isEqualTo("a b");
  }

  @Test
  void allFlagsAreAnsweredWithMetadata() {
    token = null;
    var answer = post(ALL, "{}");
    assertThat(text(answer))
        .isEqualTo(
            "{\"flags\":[{\"key\":\"checkout\",\"value\":true,\"reason\":\"TARGETING_MATCH\",\"variant\":\"on\",\"metadata\":{\"ruleId\":\"r1\"}}],"
                + "\"metadata\":{\"environment\":\"production\",\"revision\":812}}");
    assertThat(answer.getResponseHeaders().getETag()).matches("\"[0-9A-Za-z_-]{22}\"");
  }

  @Test
  void bulkErrorsNameNoFlag() {
    var answer = post(ALL, "nonsense");
    assertThat(answer.getStatus().value()).isEqualTo(400);
    var body = Json.parseOwn(text(answer));
    assertThat(body.has("key")).isFalse();
    assertThat(body.path("errorCode").asString()).isEqualTo("PARSE_ERROR");
  }

  @Test
  void damagedFlagDoesNotSpoilTheOthers() {
    evaluation =
        new Evaluation(
            "checkout", null, Reason.ERROR, null, null, null, false, null, ErrorCode.GENERAL);
    assertThat(text(post(ALL, "{}")))
        .startsWith(
            "{\"flags\":[{\"key\":\"checkout\",\"errorCode\":\"GENERAL\",\"errorDetails\":");
  }

  @Test
  void unchangedBulkAnswerIsNotSentAgain() {
    var tag = post(ALL, "{}").getResponseHeaders().getETag();
    for (var known : new String[] {tag, "\"other\", " + tag, "W/" + tag}) {
      var answer = post(ALL + "?flagConfigEtag=%22e8%22", "{}", "If-None-Match", known);
      assertThat(answer.getStatus().value()).isEqualTo(304);
      assertThat(answer.getResponseBody()).isNullOrEmpty();
      assertThat(answer.getResponseHeaders().getETag()).isEqualTo(tag);
    }
    assertThat(post(ALL, "{}", "If-None-Match", "\"other\"").getStatus().value()).isEqualTo(200);
  }

  @Test
  void tagDependsOnRevisionResultAndCredential() {
    var first = post(ALL, "{}").getResponseHeaders().getETag();
    revision = 813;
    var later = post(ALL, "{}").getResponseHeaders().getETag();
    evaluation = given(Json.parseOwn("false"), "off", Reason.DEFAULT, null);
    var other = post(ALL, "{}").getResponseHeaders().getETag();
    caller = caller(SdkCaller.Kind.SERVER);
    var stranger = post(ALL, "{}").getResponseHeaders().getETag();
    assertThat(List.of(first, later, other, stranger)).doesNotHaveDuplicates();
  }

  @Test
  void clientKeyMayBeUsedFromAnyOriginUnlessTheEnvironmentSaysOtherwise() {
    caller = caller(SdkCaller.Kind.CLIENT);
    var answer = post(ONE, "{}", "Origin", "https://shop.example");
    assertThat(answer.getStatus().value()).isEqualTo(200);
    assertThat(answer.getResponseHeaders().getAccessControlAllowOrigin())
        .isEqualTo("https://shop.example");
    assertThat(answer.getResponseHeaders().getAccessControlExposeHeaders())
        .containsExactly("ETag", "Retry-After");
    settings.putArray("allowedOrigins").add("https://shop.example");
    assertThat(post(ONE, "{}", "Origin", "https://shop.example").getStatus().value())
        .isEqualTo(200);
    assertRefused(post(ONE, "{}", "Origin", "https://evil.example"), 403, "GENERAL");
  }

  @Test
  void serverKeyIsRefusedInABrowser() {
    assertRefused(post(ONE, "{}", "Origin", "https://shop.example"), 403, "GENERAL");
    assertThat(seen).isNull();
  }

  @Test
  void bulkAnswerSaysWhereToHearOfChanges() {
    var stream = Json.parseOwn(text(post(ALL, "{}"))).path("eventStreams");
    assertThat(stream)
        .isEqualTo(
            Json.parseOwn(
                "[{\"type\":\"sse\",\"endpoint\":{\"requestUri\":\"/ofrep/v1/stream?token=t1\"},\"inactivityDelaySec\":120}]"));
    token = null;
    assertThat(Json.parseOwn(text(post(ALL, "{}"))).has("eventStreams")).isFalse();
  }

  @Test
  void anotherTokenIsAnotherTag() {
    var first = post(ALL, "{}").getResponseHeaders().getETag();
    assertThat(post(ALL, "{}", "If-None-Match", first).getStatus().value()).isEqualTo(304);
    token = "t2";
    assertThat(post(ALL, "{}", "If-None-Match", first).getStatus().value()).isEqualTo(200);
  }

  @Test
  void revisionThatTheClientWasToldOfIsWaitedFor() {
    post(ALL + "?flagConfigEtag=%225f3a90c1.813%22&flagConfigLastModified=1771622898", "{}");
    assertThat(atLeast).isEqualTo(813);
    atLeast = -1;
    assertThat(post(ALL + "?flagConfigEtag=nonsense", "{}").getStatus().value()).isEqualTo(200);
    assertThat(atLeast).isEqualTo(-1);
  }

  @Test
  void nothingOlderIsAnsweredThanTheClientWasToldOfUnlessThatWasLost() {
    var told = "?flagConfigEtag=%225f3a90c1.813%22";
    var known = post(ALL, "{}").getResponseHeaders().getETag();
    place = Reached.Place.UNCONFIRMED;
    for (var path : List.of(ALL + told, ONE + told)) {
      // not even 304: what the client has may be of before the change, or of another context
      for (var held : List.of("\"newer\"", known)) {
        var answer = post(path, "{}", "If-None-Match", held);
        assertThat(answer.getStatus().value()).isEqualTo(503);
        assertThat(answer.getResponseHeaders().getFirst("Retry-After")).isEqualTo("1");
        assertThat(Json.parseOwn(text(answer)).path("errorCode").asString()).isEqualTo("GENERAL");
      }
    }
    place = Reached.Place.NONEXISTENT;
    assertThat(post(ALL + told, "{}").getStatus().value()).isEqualTo(200);
    assertThat(post(ONE + told, "{}").getStatus().value()).isEqualTo(200);
  }

  private final class FakeAccess implements Access {
    @Override
    public Mono<SdkCaller> sdk(String authorization, String apiKey) {
      return refusal == null ? Mono.just(caller) : Mono.error(refusal);
    }

    @Override
    public Mono<ManagementCaller> management(ServerHttpRequest request) {
      return Mono.error(new UnsupportedOperationException());
    }

    @Override
    public Flux<SdkCaller> revocation(SdkCaller caller) {
      return Flux.never();
    }
  }

  private final class FakeSnapshots implements Snapshots {
    @Override
    public Mono<Snapshot> current(EnvironmentId environment) {
      return revision < 0
          ? Mono.error(new Problem.NotFound("no such environment"))
          : Mono.just(
              new Snapshot(
                  environment,
                  caller.tenant(),
                  "production",
                  new Cursor("5f3a90c1", revision),
                  1,
                  EnvironmentSettings.of(settings),
                  Ruleset.EMPTY,
                  ItemHistory.EMPTY,
                  new DerivedValues()));
    }

    @Override
    public Mono<Reached> reach(EnvironmentId environment, Cursor told) {
      assertThat(told.tag()).isEqualTo("5f3a90c1");
      atLeast = told.revision();
      return current(environment).map(snapshot -> new Reached(snapshot, place));
    }

    @Override
    public Mono<Reached> settled(EnvironmentId environment, Cursor told) {
      return Mono.empty();
    }

    @Override
    public Flux<Snapshot> updates(EnvironmentId environment) {
      return Flux.never();
    }
  }

  private final class FakeTokens implements StreamTokens {
    @Override
    public Mono<String> issue(SdkCaller caller) {
      return Mono.justOrEmpty(token);
    }

    @Override
    public Mono<SdkCaller> holder(String token) {
      return Mono.error(new UnsupportedOperationException());
    }
  }

  private final class FakeDecisions implements Decisions {
    @Override
    public Mono<Evaluation> evaluate(
        SdkCaller caller, Snapshot snapshot, String flagKey, EvaluationContext context) {
      seen = context;
      asked = flagKey;
      return Mono.just(evaluation);
    }

    @Override
    public Mono<Evaluation> evaluate(
        SdkCaller caller,
        Snapshot snapshot,
        String flagKey,
        EvaluationContext context,
        Predicate<Evaluation> takes) {
      return evaluate(caller, snapshot, flagKey, context);
    }

    @Override
    public Mono<List<Evaluation>> evaluateAll(
        SdkCaller caller, Snapshot snapshot, EvaluationContext context) {
      seen = context;
      return Mono.just(List.of(evaluation));
    }
  }
}
