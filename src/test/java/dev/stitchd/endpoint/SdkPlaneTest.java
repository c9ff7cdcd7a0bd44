package dev.stitchd.endpoint;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.boundary.Failures;
import dev.stitchd.dev.Patience;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.StartFailure;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

class SdkPlaneTest {

  private final OneEnvironment environment = new OneEnvironment();
  private final AtomicReference<String> thread = new AtomicReference<>();
  private Supplier<Reply> reply = SdkPlaneTest::one;
  private final EndpointServer server =
      new EndpointServer(
          environment,
          EndpointServer.noTokens(),
          environment,
          Arrays.stream(SdkRoute.values()).map(Scripted::new).toArray(Endpoint[]::new));

  @AfterEach
  void close() {
    server.close();
  }

  @ParameterizedTest
  @EnumSource(SdkRoute.class)
  void publicKeysMayCallWhatTheTableSays(SdkRoute route) {
    environment.kind = SdkCaller.Kind.CLIENT;
    for (boolean isInMemory : new boolean[] {true, false}) {
      environment.isInMemory = isInMemory;

      var answer = server.answer(route.method().name(), path(route), null);

      assertThat(answer.statusCode())
          .isEqualTo(
              switch (route.callers()) {
                case SERVER_KEYS -> 403;
                case ALL_KEYS -> 200;
                case STREAM_TOKENS -> 401;
              });
    }
  }

  @ParameterizedTest
  @EnumSource(SdkRoute.class)
  void allAnswersOfARouteSayTheSameAboutCaches(SdkRoute route) {
    var answer = server.answer(route.method().name(), path(route), null);
    assertThat(answer.headers().firstValue("Vary")).contains(route.vary().toString());
    if (answer.statusCode() == 200) {
      assertThat(answer.headers().firstValue("Cache-Control"))
          .contains(route.cacheControl().toString());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void endpointsRunOnTheirConnectionsEventLoop(boolean isInMemory) {
    environment.isInMemory = isInMemory;
    var answer = server.answer("GET", "/sdk/v1/config?since=1", null);
    assertThat(answer.body()).isEqualTo("1".getBytes(UTF_8));
    assertThat(thread.get()).startsWith("reactor-http");
  }

  @Test
  void answersOfOtherThreadsArrive() {
    var slow =
        Mono.fromSupplier(SdkPlaneTest::one)
            .delaySubscription(Duration.ofMillis(5), Schedulers.boundedElastic());
    reply = () -> new Reply.Later(slow);
    for (int i = 0; i < 100; i++) {
      assertThat(server.answer("GET", "/sdk/v1/config", null).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void bodiesAreReadWithinTheirBound() {
    reply =
        () ->
            new Reply.AfterBody(
                100_000,
                body -> new Reply.Now(HttpAnswer.json(("" + body.length).getBytes(UTF_8))));
    for (int length : new int[] {0, 1, 16_384, 16_385, 100_000}) {
      assertThat(server.answer("POST", "/sdk/v1/receipts", new byte[length]).body())
          .isEqualTo(("" + length).getBytes(UTF_8));
    }
    assertThat(server.answer("POST", "/sdk/v1/receipts", new byte[100_001]).statusCode())
        .isEqualTo(413);
  }

  @Test
  void refusalsAreProblems() {
    reply = () -> new Reply.Refused(new Problem.TooMany("slow down", Duration.ofSeconds(3)));

    var answer = server.answer("GET", "/sdk/v1/config", null);

    assertThat(answer.statusCode()).isEqualTo(429);
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
    assertThat(answer.headers().firstValue("Cache-Control")).contains("no-store");
    assertThat(answer.headers().firstValue("Retry-After")).contains("3");
    assertThat(Json.parseOwn(new String(answer.body(), UTF_8)).path("instance").asString())
        .isEqualTo("/sdk/v1/config");
  }

  @Test
  void aDefectIsA500WithoutItsMessage() {
    reply = () -> new Reply.Later(Mono.error(new IllegalStateException("SELECT secret")));

    var answer = server.answer("GET", "/sdk/v1/config", null);

    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(new String(answer.body(), UTF_8)).contains("incident").doesNotContain("secret");
  }

  @Test
  void aQueryThatCannotBeReadIsMalformed() {
    environment.isInMemory = false;
    assertThat(server.answer("GET", "/ofrep/v1/stream?token=%C3%28", null).statusCode())
        .isEqualTo(401);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/sdk/v1/config/", "/sdk/v1/configs", "/sdk", "/", "/api/v1/projects"})
  void otherPathsAreNotOfThisPlane(String path) {
    assertThat(server.answer("GET", path, null).statusCode()).isEqualTo(418);
  }

  @Test
  void otherMethodsHearWhichThereIs() {
    var posted = server.answer("POST", "/sdk/v1/config", null);
    assertThat(posted.statusCode()).isEqualTo(405);
    assertThat(posted.headers().firstValue("Allow")).contains("GET, HEAD");
    assertThat(Json.parseOwn(new String(posted.body(), UTF_8)).path("code").asString())
        .isEqualTo("method-not-allowed");
    var got = server.answer("GET", "/sdk/v1/events", null);
    assertThat(got.statusCode()).isEqualTo(405);
    assertThat(got.headers().firstValue("Allow")).contains("POST");
    assertThat(server.answer("HEAD", "/sdk/v1/events", null).statusCode()).isEqualTo(405);
    assertThat(server.answer("MADEUP", "/sdk/v1/events", null).statusCode()).isEqualTo(405);
    assertThat(timer("OTHER", "/sdk/v1/events", "405", "CLIENT_ERROR", "MethodNotAllowed").count())
        .isEqualTo(3);
    environment.refusal = new Problem.Unauthenticated("who are you");
    environment.isInMemory = false;
    assertThat(server.answer("POST", "/sdk/v1/config", null).statusCode()).isEqualTo(401);
  }

  @Test
  void theHeadOfAnAnswerIsThatOfTheWhole() {
    var whole = server.answer("GET", "/sdk/v1/config", null);
    var head = server.answer("HEAD", "/sdk/v1/config", null);
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(head.headers().firstValue("Content-Length"))
        .isEqualTo(whole.headers().firstValue("Content-Length"));
    assertThat(head.headers().firstValue("Content-Type")).contains("application/json");
    var stream = server.answer("HEAD", "/sdk/v1/stream", null);
    assertThat(stream.statusCode()).isEqualTo(200);
    assertThat(stream.headers().firstValue("Content-Type")).contains("text/event-stream");
    environment.refusal = new Problem.Unauthenticated("who are you");
    environment.isInMemory = false;
    var refused = server.answer("HEAD", "/sdk/v1/config", null);
    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(refused.body()).isEmpty();
  }

  @Test
  void slashesAtTheBeginningOfAPathAreOne() {
    assertThat(server.answer("GET", "//sdk/v1/config", null).statusCode()).isEqualTo(200);
    assertThat(server.answer("GET", "///sdk/v1/config?since=x", null).statusCode()).isEqualTo(200);
    assertThat(server.answer("GET", "/sdk//v1/config", null).statusCode()).isEqualTo(418);
    environment.refusal = new Problem.Unauthenticated("who are you");
    environment.isInMemory = false;
    assertThat(server.answer("GET", "//sdk/v1/config", null).statusCode()).isEqualTo(401);
  }

  @Test
  void everyAnswerIsInTheTimerOfRequests() {
    var _ = server.answer("GET", "/sdk/v1/config", null);
    environment.isInMemory = false;
    var _ = server.answer("GET", "/sdk/v1/config?since=x", null);
    environment.refusal = new Problem.Unauthenticated("who are you");
    var _ = server.answer("POST", "/ofrep/v1/evaluate/flags/checkout", null);

    assertThat(timer("GET", "/sdk/v1/config", "200", "SUCCESS", "none").count()).isEqualTo(2);
    assertThat(
            timer(
                    "POST",
                    "/ofrep/v1/evaluate/flags/{key}",
                    "401",
                    "CLIENT_ERROR",
                    "Unauthenticated")
                .count())
        .isEqualTo(1);
  }

  @Test
  void aClientThatLeavesInTheMiddleOfItsBodyIsCountedAsGone() throws IOException {
    reply = () -> new Reply.AfterBody(100, _ -> one());
    try (var socket = new Socket("127.0.0.1", server.port())) {
      socket
          .getOutputStream()
          .write(
              "POST /sdk/v1/receipts HTTP/1.1\r\nHost: here\r\nContent-Length: 50\r\n\r\nten of it "
                  .getBytes(UTF_8));
    }
    await()
        .atMost(Patience.SOON)
        .untilAsserted(() ->
            assertThat(timer("POST", "/sdk/v1/receipts", "UNKNOWN", "UNKNOWN", "none").count())
                .isEqualTo(1));
  }

  private Timer timer(String method, String uri, String status, String outcome, String exception) {
    return server
        .meters
        .get("http.server.requests")
        .tags("method", method, "uri", uri, "status", status, "outcome", outcome)
        .tags("exception", exception, "error", exception)
        .timer();
  }

  private static Reply one() {
    return new Reply.Now(HttpAnswer.json("1".getBytes(UTF_8)));
  }

  private static String path(SdkRoute route) {
    return route.pattern().replace("{key}", "checkout");
  }

  /// Replies as the test says.
  private final class Scripted implements Endpoint {
    private final SdkRoute route;

    private Scripted(SdkRoute route) {
      this.route = route;
    }

    @Override
    public SdkRoute route() {
      return route;
    }

    @Override
    public Reply serve(SdkRequest request, Client client) {
      thread.set(Thread.currentThread().getName());
      return reply.get();
    }
  }

  @Test
  void aRouteWithoutAnEndpointFailsTheStartByItsName() {
    var plane =
        new SdkPlane(
            new EndpointAccess(environment, EndpointServer.noTokens(), environment),
            Arrays.stream(SdkRoute.values())
                .filter(route -> route != SdkRoute.RECEIPTS)
                .map(SdkPlaneTest::nothing)
                .toList(),
            new Failures(new SplittableRandom(7)),
            new SimpleMeterRegistry());
    assertThatThrownBy(plane::whole)
        .isInstanceOf(StartFailure.class)
        .hasMessageContaining("[RECEIPTS]");
  }

  private static Endpoint nothing(SdkRoute route) {
    return new Endpoint() {
      @Override
      public SdkRoute route() {
        return route;
      }

      @Override
      public Reply serve(SdkRequest request, Client client) {
        return one();
      }
    };
  }
}
