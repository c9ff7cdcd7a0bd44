package dev.stitchd.flagd.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.GoProgram;
import dev.stitchd.dev.LongRunning;
import dev.stitchd.dev.Server;
import dev.stitchd.flagd.evaluation.FlagdProvider.Answer;
import dev.stitchd.flagd.evaluation.FlagdProvider.Language;
import dev.stitchd.flagd.evaluation.FlagdProvider.Mode;
import dev.stitchd.kernel.Json;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// The flagd project's own providers ask a node, which may stop and start again where it was; flags
/// are changed on another one.
@LongRunning
@Timeout(180)
class FlagdProvidersIT {

  /// A provider, and a flag that is changed for it alone.
  private record Way(Language language, Mode mode) {

    private FlagdProvider connect(String key) {
      return language.connect(mode, PORT, key);
    }

    private String live() {
      return ("live-" + language + "-" + mode.name().charAt(0)).toLowerCase(Locale.ROOT);
    }
  }

  static Stream<Way> ways() {
    return Stream.of(Mode.values())
        .flatMap(mode -> Stream.of(Language.values()).map(language -> new Way(language, mode)));
  }

  static Stream<Way> askingTheServer() {
    return ways().filter(way -> way.mode() == Mode.RPC);
  }

  private static final String CHANGED = "PROVIDER_CONFIGURATION_CHANGED";
  private static final String READY = "PROVIDER_READY";

  private static final int PORT = Server.freePort();
  private static Server other;
  private static Server node;
  private static Admin admin;
  private static String key;

  @BeforeAll
  static void start() {
    if (GoProgram.isThere()) {
      GoProgram.prepare("flagd");
    }
    other = Server.start();
    admin = other.admin();
    node = node();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    key = admin.createSdkKey("web", "production", "server");
    flag("text", "string", "{\"a\":\"Grüße 🎉\",\"b\":\"\"}", "a");
    flag("whole", "integer", "{\"ten\":10,\"most\":2147483647}", "ten");
    flag("real", "number", "{\"ten\":10,\"tenth\":0.1}", "tenth");
    flag("tree", "json", "{\"o\":{\"a\":\"b\"},\"e\":{}}", "o");
    flag("ruled", "boolean", "{\"on\":true,\"off\":false}", "off");
    admin.changeTargeting(
        "web",
        "ruled",
        "production",
        targeting ->
            targeting.set(
                "rules",
                Json.parseOwn(
                    "[{\"id\":\"pro\",\"when\":{\"attribute\":\"plan\",\"op\":\"equals\",\"values\":[\"pro\"]},\"serve\":{\"variant\":\"on\"}}]")));
    for (var way : ways().toList()) {
      admin.createFlag("web", way.live());
      admin.serve("web", way.live(), "production", "off");
    }
  }

  private static Server node() {
    return Server.on(
        other.postgres(),
        other.clickHouse(),
        Map.of("STITCHD_GRPC_PORT", Integer.toString(PORT), "STITCHD_DRAIN", "PT0.2S"));
  }

  @AfterAll
  static void stop() {
    node.stop();
    other.stop();
  }

  private static void flag(String key, String type, String variants, String given) {
    admin.createFlagFrom(
        "web",
        "{\"key\":\"%s\",\"name\":\"%s\",\"type\":\"%s\",\"variants\":%s}"
            .formatted(key, key, type, variants));
    admin.serve("web", key, "production", given);
  }

  @ParameterizedTest
  @MethodSource("ways")
  void everyTypeArrivesAndErrorsAreOpenFeatures(Way way) throws Exception {
    try (var provider = way.connect(key)) {
      assertThat(provider.isReady()).isTrue();
      assertThat(provider.ask("text", "string"))
          .isEqualTo(new Answer("Grüße 🎉", "a", "STATIC", ""));
      assertThat(provider.ask("whole", "integer").value()).isEqualTo("10");
      assertThat(provider.ask("real", "number").value()).isEqualTo("0.1");
      assertThat(provider.ask("tree", "json").value()).contains("a").contains("b");
      assertThat(provider.ask("ruled", "boolean"))
          .isEqualTo(new Answer("true", "on", "TARGETING_MATCH", ""));
      assertThat(provider.ask("ruled", "string").errorCode()).isEqualTo("TYPE_MISMATCH");
      assertThat(provider.ask("ruled", "string").value()).isEqualTo("none");
      var unknown = provider.ask("nothing", "boolean");
      assertThat(unknown.value()).isEqualTo("false");
      if (way.equals(new Way(Language.JAVA, Mode.RPC))) { // asks again until its time is over
        assertThat(unknown.errorCode()).isIn("FLAG_NOT_FOUND", "GENERAL");
      } else {
        assertThat(unknown.errorCode()).isEqualTo("FLAG_NOT_FOUND");
      }
    }
  }

  @Test
  void inGoTheServerIsAskedOverOfrep() throws Exception {
    admin.createFlag("web", "over-ofrep");
    admin.serve("web", "over-ofrep", "production", "off");
    try (var provider = FlagdProvider.overOfrepInGo(other.url(), key)) {
      assertThat(provider.isReady()).isTrue();
      assertThat(provider.ask("text", "string"))
          .isEqualTo(new Answer("Grüße 🎉", "a", "STATIC", ""));
      assertThat(provider.ask("whole", "integer").value()).isEqualTo("10");
      assertThat(provider.ask("real", "number").value()).isEqualTo("0.1");
      assertThat(provider.ask("tree", "json").value()).isEqualTo("{\"a\":\"b\"}");
      assertThat(provider.ask("ruled", "boolean"))
          .isEqualTo(new Answer("true", "on", "TARGETING_MATCH", ""));
      assertThat(provider.ask("ruled", "string").errorCode()).isEqualTo("TYPE_MISMATCH");
      assertThat(provider.ask("nothing", "boolean").errorCode()).isEqualTo("FLAG_NOT_FOUND");
      assertThat(provider.ask("over-ofrep", "boolean").value()).isEqualTo("false");
      admin.serve("web", "over-ofrep", "production", "on");
      assertThat(provider.ask("over-ofrep", "boolean").value()).isEqualTo("true");
    }
    try (var provider = FlagdProvider.overOfrepInGo(other.url(), "sdk_srv_wrong")) {
      assertThat(provider.ask("text", "string"))
          .isEqualTo(new Answer("none", "", "ERROR", "GENERAL"));
    }
  }

  @ParameterizedTest
  @MethodSource("askingTheServer")
  void whatIsTheSameForEverybodyIsKeptUntilItChanges(Way way) throws Exception {
    var flag = way.live();
    admin.serve("web", flag, "production", "off");
    try (var provider = way.connect(key)) {
      assertThat(provider.isReady()).isTrue();
      assertThat(provider.ask(flag, "boolean").reason()).isEqualTo("STATIC");
      assertThat(provider.ask(flag, "boolean").reason()).isEqualTo("CACHED");
      admin.serve("web", flag, "production", "on");
      assertThat(provider.await(CHANGED)).contains(flag);
      assertThat(provider.ask(flag, "boolean")).isEqualTo(new Answer("true", "on", "STATIC", ""));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aProviderThatEvaluatesByItselfHearsOfAChangeWithItsFlag(Language language) throws Exception {
    var way = new Way(language, Mode.IN_PROCESS);
    var flag = way.live();
    admin.serve("web", flag, "production", "off");
    try (var provider = way.connect(key)) {
      assertThat(provider.isReady()).isTrue();
      assertThat(provider.ask(flag, "boolean").value()).isEqualTo("false");
      admin.serve("web", flag, "production", "on");
      assertThat(provider.await(CHANGED)).contains(flag);
      // Go's tells of its first set as a change, too
      await()
          .atMost(FlagdProvider.SOON)
          .untilAsserted(() ->
              assertThat(provider.ask(flag, "boolean"))
                  .isEqualTo(new Answer("true", "on", "STATIC", "")));
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void aNodeThatStartsAgainIsFoundAndNothingOldIsGiven(Way way) throws Exception {
    var flag = way.live();
    admin.serve("web", flag, "production", "off");
    try (var provider = way.connect(key)) {
      assertThat(provider.isReady()).isTrue();
      assertThat(provider.ask(flag, "boolean").value()).isEqualTo("false");
      node.stop();
      admin.serve("web", flag, "production", "on");
      provider.await("PROVIDER_STALE", "PROVIDER_ERROR");
      node = node();
      provider.await(READY);
      assertThat(answered(provider, flag)).isEqualTo(new Answer("true", "on", "STATIC", ""));
      admin.serve("web", flag, "production", "off");
      do { // Go's tells of what changed meanwhile only now
        provider.await(CHANGED);
      } while (!provider.ask(flag, "boolean").value().equals("false"));
    }
  }

  /// The first answer that is one: a node that has just started may need longer than a provider
  /// waits, which then gives the application's default and an error.
  private static Answer answered(FlagdProvider provider, String flag) {
    var deadline = System.nanoTime() + FlagdProvider.SOON.toNanos();
    while (true) {
      var answer = provider.ask(flag, "boolean");
      if (answer.errorCode().isEmpty() || System.nanoTime() > deadline) {
        return answer;
      }
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void withAWrongKeyNothingIsReady(Way way) throws Exception {
    try (var provider = way.connect("sdk_srv_" + "0".repeat(40))) {
      assertThat(provider.isReady()).isFalse();
      assertThat(provider.ask("ruled", "boolean").value()).isEqualTo("false");
    }
  }
}
