package dev.stitchd.ingest.definitions;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.ingest.Sdk;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Event definitions from the management API to two nodes that take events.
class EventDefinitionsIT {

  private static final Instant NOW = Clock.systemUTC().instant();

  private static final Duration TOLD = Duration.ofSeconds(10);

  private static Server one;
  private static Server other;
  private static Admin admin;

  /// Nobody finds out by looking, so what is known was announced.
  private static final Map<String, String> NO_POLLS = Map.of("STITCHD_SAFETY_POLL", "PT1H");

  @BeforeAll
  static void start() {
    one = Server.start(NO_POLLS);
    other = Server.on(one.postgres(), one.clickHouse(), NO_POLLS);
    admin = one.admin();
    admin.createProject("web");
  }

  @AfterAll
  static void stop() {
    other.close();
    one.close();
  }

  private record Place(String path, Sdk here, Sdk there) {
    static Place named(String environment) {
      admin.createEnvironment("web", environment);
      var key = admin.createSdkKey("web", environment, "server");
      return new Place(
          "/projects/web/environments/" + environment,
          new Sdk(one.url(), key),
          new Sdk(other.url(), key));
    }

    String definitions() {
      return path + "/event-definitions";
    }
  }

  private static String codeOf(Sdk sdk, String event, String more) {
    var body = "[" + Sdk.track(UUID.randomUUID(), NOW, event, more) + "]";
    var answer = sdk.send(body.getBytes(UTF_8));
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    return answer.json().path("rejectedCount").asInt() == 0
        ? "accepted"
        : answer.json().path("rejected").get(0).path("code").asString();
  }

  @Test
  void definitionIsAResourceLikeOthers() {
    var place = Place.named("managed");
    var made =
        admin.create(
            place.definitions(),
            """
            {"key":"purchase","name":"Purchase","description":"paid","valueType":"number","unit":"EUR","allowedProperties":["sku","sku"]}\
            """);
    assertThat(made.path("version").asLong()).isEqualTo(1);
    assertThat(made.path("allowedProperties").toString()).isEqualTo("[\"sku\"]");
    var path = place.definitions() + "/purchase";
    assertThat(admin.get(path)).isEqualTo(made);
    assertThat(admin.send("PUT", path, made.toString()).status()).isEqualTo(428);
    var again = admin.send("PUT", path, made.toString(), "If-Match", "\"1\"");
    assertThat(again.status()).isEqualTo(200);
    assertThat(again.json().path("version").asLong()).isEqualTo(2);
    assertThat(admin.send("PUT", path, made.toString(), "If-Match", "\"1\"").status())
        .isEqualTo(409);
    var patched = admin.patch(path, "{\"allowedProperties\":null,\"unit\":\"USD\"}");
    assertThat(patched.has("allowedProperties")).isFalse();
    assertThat(patched.path("unit").asString()).isEqualTo("USD");
    assertThat(admin.send("PATCH", path, "{\"key\":\"other\"}").status()).isEqualTo(422);
    assertThat(
            admin.send("POST", place.definitions(), made.toString()).json().path("code").asString())
        .isEqualTo("key-taken");
    assertThat(admin.send("DELETE", path, "", "If-Match", "\"3\"").status()).isEqualTo(204);
    assertThat(admin.send("GET", path, "").status()).isEqualTo(404);
  }

  @Test
  void anEventIsNamedAsPeopleNameIt() {
    var place = Place.named("spoken");
    var name = "Added to cart (50 % / über)";
    var made =
        admin.send(
            "POST", place.definitions(), "{\"key\":\"%s\",\"name\":\"Cart\"}".formatted(name));
    assertThat(made.status()).as(made.body()).isEqualTo(201);
    var path = made.header("Location").substring(made.header("Location").indexOf("/projects"));
    assertThat(path).endsWith("/Added%20to%20cart%20(50%20%25%20%2F%20%C3%BCber)");
    assertThat(admin.get(path).path("key").asString()).isEqualTo(name);
    assertThat(codeOf(place.here(), name, "\"value\":1")).isEqualTo("accepted");
    assertThat(codeOf(place.here(), "added to cart", "\"value\":1")).isEqualTo("unknown-event");
    assertThat(admin.send("DELETE", path, "", "If-Match", "*").status()).isEqualTo(204);
  }

  @Test
  void allMistakesAreToldAtOnce() {
    var place = Place.named("mistaken");
    var answer =
        admin.send(
            "POST",
            place.definitions(),
            """
            {"key":"a\\u0007bell","valueType":"none","unit":"EUR","allowedProperties":["",7]}\
            """);
    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.json().path("errors").values())
        .extracting(e -> e.path("path").asString())
        .containsExactlyInAnyOrder(
            "key", "name", "unit", "allowedProperties[0]", "allowedProperties[1]");
    assertThat(
            admin
                .send("POST", place.definitions(), "{\"key\":\"a\",\"name\":\"a\",\"type\":\"x\"}")
                .status())
        .isEqualTo(400);
    assertThat(
            admin
                .send(
                    "PATCH",
                    place.path(),
                    "{\"settings\":{\"quotas\":{\"eventsPerSecond\":0,\"eventsBurst\":2.5}}}")
                .json()
                .path("errors")
                .size())
        .isEqualTo(2);
  }

  @Test
  void listIsPagedByKey() {
    var place = Place.named("listed");
    for (var key : new String[] {"c", "a", "b"}) {
      admin.create(place.definitions(), "{\"key\":\"%s\",\"name\":\"%1$s\"}".formatted(key));
    }
    var first = admin.get(place.definitions() + "?limit=2");
    assertThat(first.path("items").values())
        .extracting(item -> item.path("key").asString())
        .containsExactly("a", "b");
    var second =
        admin.get(place.definitions() + "?limit=2&cursor=" + first.path("nextCursor").asString());
    assertThat(second.path("items").get(0).path("key").asString()).isEqualTo("c");
    assertThat(second.has("nextCursor")).isFalse();
  }

  @Test
  void thisNodeKnowsAChangeOnceItIsAnsweredAndTheOtherAsSoonAsItIsTold() {
    var place = Place.named("quick");
    assertThat(codeOf(place.here(), "purchase", "\"value\":1")).isEqualTo("unknown-event");
    assertThat(codeOf(place.there(), "purchase", "\"value\":1")).isEqualTo("unknown-event");
    admin.create(
        place.definitions(),
        "{\"key\":\"purchase\",\"name\":\"Purchase\",\"valueType\":\"number\"}");
    both(place, "\"value\":1", "accepted");
    admin.patch(place.definitions() + "/purchase", "{\"valueType\":\"none\"}");
    both(place, "\"value\":1", "bad-value");
    assertThat(
            admin.send("DELETE", place.definitions() + "/purchase", "", "If-Match", "*").status())
        .isEqualTo(204);
    both(place, "\"value\":null", "unknown-event");
  }

  private static void both(Place place, String more, String code) {
    assertThat(codeOf(place.here(), "purchase", more)).isEqualTo(code);
    await().atMost(TOLD).until(() -> codeOf(place.there(), "purchase", more).equals(code));
  }

  @Test
  void unknownEventsBecomeDefinedWhereTheEnvironmentWantsThat() {
    var place = Place.named("open");
    admin.patch(place.path(), "{\"settings\":{\"autoRegisterEvents\":true}}");
    assertThat(codeOf(place.here(), "first", "\"value\":1")).isEqualTo("accepted");
    await()
        .atMost(TOLD)
        .until(
            () -> codeOf(place.there(), "second", "\"properties\":{\"a\":1}").equals("accepted"));
    var items = admin.get(place.definitions()).path("items");
    assertThat(items.values())
        .extracting(item -> item.path("key").asString() + " " + item.path("createdBy").asString())
        .containsExactly("first auto-registration", "second auto-registration");
    assertThat(codeOf(place.there(), "first", "\"value\":2")).isEqualTo("accepted");
    assertThat(admin.get(place.definitions()).path("items").size()).isEqualTo(2);
  }

  @Test
  void manyNewEventsAtOnceOnTwoNodesAreDefinedOnce() {
    var place = Place.named("crowded");
    admin.patch(place.path(), "{\"settings\":{\"autoRegisterEvents\":true}}");
    await()
        .atMost(Patience.SOON)
        .until(() -> codeOf(place.here(), "e-0", "\"value\":1").equals("accepted"));
    await()
        .atMost(Patience.SOON)
        .until(() -> codeOf(place.there(), "e-0", "\"value\":1").equals("accepted"));
    IntStream.range(0, 40)
        .parallel()
        .forEach(i ->
            assertThat(
                    codeOf(i % 2 == 0 ? place.here() : place.there(), "e-" + i % 10, "\"value\":1"))
                .isEqualTo("accepted"));
    // whatever was not registered because too many were is registered when it is seen again
    IntStream.range(0, 10).forEach(i -> codeOf(place.here(), "e-" + i, "\"value\":1"));
    assertThat(admin.get(place.definitions()).path("items").size()).isEqualTo(10);
  }
}
