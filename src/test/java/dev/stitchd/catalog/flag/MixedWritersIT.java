package dev.stitchd.catalog.flag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.LongRunning;
import dev.stitchd.dev.Server;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.resource.LookupRows;
import dev.stitchd.revisionlog.PublishedRuleset;
import dev.stitchd.ruleset.Condition;
import dev.stitchd.ruleset.ItemName;
import dev.stitchd.ruleset.Items;
import dev.stitchd.ruleset.RulesetCheck;
import dev.stitchd.ruleset.Segment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// Everybody edits everything at once: flags, targeting, segments, environments, keys, the project.
/// Nobody is answered with an error of ours, and what was published is what the tables say.
@LongRunning
class MixedWritersIT {

  private static final int WRITERS = 30;
  private static final Duration FOR = Duration.ofSeconds(6);
  private static final List<Integer> EXPECTED = List.of(200, 201, 202, 204, 404, 409, 422);
  private static final String PROJECT = "/projects/web";

  private static Server server;
  private static Admin admin;
  private static TenantId tenant;

  private final Map<Integer, Integer> statuses = new ConcurrentHashMap<>();
  private final Map<String, Integer> outcomes = new ConcurrentHashMap<>();

  @BeforeAll
  static void aProjectWithTwoEnvironments() {
    server = Server.start();
    admin = server.admin();
    tenant =
        new TenantId(
            server
                .bean(Transactions.class)
                .onPlatform(session ->
                    session.one(
                        "SELECT id FROM tenants WHERE key = 'default'",
                        row -> Columns.uuid(row, "id")))
                .block());
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    admin.createEnvironment("web", "staging");
    for (int i = 0; i < 10; i++) {
      admin.createFlag("web", "f" + i);
      admin.createSegment("web", "production", segment("s" + i, 0));
      admin.createSegment("web", "staging", segment("s" + i, 0));
    }
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  @Test
  void everythingPublishedIsWhatTheTablesSayHoweverManyWrite() throws Exception {
    var key = admin.createSdkKey("web", "production", "server");
    var until = System.nanoTime() + FOR.toNanos();
    var writers = new ArrayList<Future<?>>();
    try (var threads = Executors.newFixedThreadPool(WRITERS)) {
      for (int i = 0; i < WRITERS; i++) {
        var chance = new Random(i);
        writers.add(
            threads.submit(() -> {
              while (System.nanoTime() < until) {
                write(chance);
              }
            }));
      }
    }
    for (var writer : writers) {
      writer.get();
    }
    assertThat(statuses.keySet()).as(new TreeMap<>(outcomes).toString()).isSubsetOf(EXPECTED);
    for (var kind : List.of("flag", "targeting", "segment", "environment", "key", "project")) {
      assertThat(outcomes.entrySet())
          .as("some writes of this kind succeed: " + kind)
          .anyMatch(e -> e.getKey().startsWith(kind + " 20") && e.getValue() > 0);
    }
    for (var environment : environments().entrySet()) {
      checkLog(environment.getKey(), environment.getValue());
      checkItems(environment.getKey(), environment.getValue());
      checkReferences(environment.getValue());
    }
    var production = environments().get("production");
    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> {
          var config = server.http().get("/sdk/v1/config", "Authorization", "Bearer " + key);
          assertThat(config.json().get("flags")).isEqualTo(published(production, "flag"));
          assertThat(config.json().get("segments")).isEqualTo(published(production, "segment"));
        });
  }

  /// Those who share the project must not keep whoever wants it alone waiting for ever: counted in
  /// writes that overtake, which says the same on a slow machine.
  @Test
  void aFlagCanBeChangedWhileManyChangeTargeting() throws Exception {
    admin.createProject("busy");
    for (var environment : List.of("a", "b")) {
      admin.createEnvironment("busy", environment);
    }
    admin.createFlag("busy", "f");
    var done = new AtomicBoolean();
    var shared = new AtomicInteger();
    var overtaking = new ArrayList<Integer>();
    try (var threads = Executors.newFixedThreadPool(WRITERS)) {
      for (int i = 0; i < WRITERS; i++) {
        var path = "/projects/busy/flags/f/environments/" + (i % 2 == 0 ? "a" : "b");
        threads.execute(() -> {
          while (!done.get()) {
            did("targeting", "PATCH", path, "{\"enabled\":true}");
            shared.incrementAndGet();
          }
        });
      }
      for (int i = 0; i < 20; i++) {
        int before = shared.get();
        did("flag", "PATCH", "/projects/busy/flags/f", "{\"name\":\"f" + i + "\"}");
        overtaking.add(shared.get() - before);
      }
      done.set(true);
    }
    assertThat(statuses.keySet()).containsOnly(200);
    assertThat(overtaking).allMatch(writes -> writes <= 3 * WRITERS);
  }

  private void write(Random chance) {
    var flag = PROJECT + "/flags/f" + chance.nextInt(12);
    var environment = List.of("production", "staging", "e0", "e1").get(chance.nextInt(4));
    var in = PROJECT + "/environments/" + environment;
    var segment = "s" + chance.nextInt(12);
    switch (chance.nextInt(20)) {
      case 0 -> did("flag", "POST", PROJECT + "/flags", flagBody(chance));
      case 1 -> did("flag", "DELETE", flag, "", "If-Match", "*");
      case 2 -> did("flag", "PATCH", flag, "{\"variants\":{\"x\":null}}");
      case 3 ->
          did(
              "flag",
              "PATCH",
              flag,
              "{\"archived\":%s,\"clientVisible\":%s}"
                  .formatted(chance.nextInt(4) == 0, chance.nextBoolean()));
      case 4, 5 ->
          did(
              "segment",
              "PUT",
              in + "/segments/" + segment,
              segment(segment, chance.nextInt(12)),
              "If-Match",
              "*");
      case 6 -> did("segment", "POST", in + "/segments", segment(segment, chance.nextInt(12)));
      case 7 -> did("segment", "DELETE", in + "/segments/" + segment, "", "If-Match", "*");
      case 8 ->
          did("environment", "PATCH", in, "{\"settings\":{\"allowedOrigins\":[\"https://a\"]}}");
      case 9 ->
          did(
              "environment",
              "POST",
              PROJECT + "/environments",
              "{\"key\":\"e%d\",\"name\":\"e\"}".formatted(chance.nextInt(2)));
      case 10 ->
          did(
              "environment",
              "DELETE",
              PROJECT + "/environments/e" + chance.nextInt(2),
              "",
              "If-Match",
              "*");
      case 11 -> rotate(in);
      case 12 -> did("project", "PATCH", PROJECT, "{\"name\":\"web " + chance.nextInt() + "\"}");
      default ->
          did("targeting", "PATCH", flag + "/environments/" + environment, targeting(chance));
    }
  }

  private void rotate(String environment) {
    var made =
        did("key", "POST", environment + "/sdk-keys", "{\"name\":\"k\",\"kind\":\"client\"}");
    if (made.status() == 201) {
      did(
          "key",
          "DELETE",
          environment + "/sdk-keys/" + made.json().get("id").stringValue() + "?force=true",
          "");
    }
  }

  private Http.Answer did(String kind, String method, String path, String body, String... headers) {
    var answer = admin.send(method, path, body, headers);
    statuses.merge(answer.status(), 1, Integer::sum);
    outcomes.merge(kind + " " + answer.status(), 1, Integer::sum);
    return answer;
  }

  private static String flagBody(Random chance) {
    return "{\"key\":\"f%d\",\"name\":\"f\",\"type\":\"boolean\",\"variants\":{\"on\":true,\"off\":false,\"x\":true}}"
        .formatted(chance.nextInt(12));
  }

  private static String targeting(Random chance) {
    return switch (chance.nextInt(4)) {
      case 0 -> "{\"enabled\":%s}".formatted(chance.nextBoolean());
      case 1 ->
          "{\"prerequisites\":[{\"flag\":\"f%d\",\"variants\":[\"%s\"]}]}"
              .formatted(chance.nextInt(12), chance.nextBoolean() ? "on" : "x");
      case 2 ->
          "{\"prerequisites\":[],\"rules\":[{\"id\":\"r\",\"when\":{\"segment\":\"s%d\"},\"serve\":{\"variant\":\"on\"}}]}"
              .formatted(chance.nextInt(12));
      default -> {
        int on = chance.nextInt(101);
        yield "{\"default\":{\"variant\":null,\"rollout\":{\"weights\":{\"on\":%d,\"off\":%d}}}}"
            .formatted(on, 100 - on);
      }
    };
  }

  /// A segment that uses another, so that all together would close cycles; number 0 uses none.
  private static String segment(String key, int uses) {
    var when =
        uses == 0
            ? "{\"attribute\":\"plan\",\"op\":\"equals\",\"values\":[\"beta\"]}"
            : "{\"segment\":\"s" + uses + "\"}";
    return "{\"key\":\"%s\",\"name\":\"%s\",\"contextType\":\"user\",\"when\":%s}"
        .formatted(key, key, when);
  }

  /// From the first published revision to the environment's own there is no gap.
  private void checkLog(String name, EnvironmentId environment) {
    var logged =
        inTenant(session ->
            session.all(
                "SELECT DISTINCT revision FROM environment_changes WHERE environment_id = $1 ORDER BY revision",
                row -> Columns.number(row, "revision"),
                environment.value()));
    var revision = admin.get(PROJECT + "/environments/" + name).get("revision").longValue();
    var expected = new ArrayList<Long>();
    // An environment's creation is revision 1; it has items only if there are flags.
    for (long r = logged.isEmpty() ? 2 : Math.min(2, logged.getFirst()); r <= revision; r++) {
      expected.add(r);
    }
    assertThat(logged).as(name).isEqualTo(expected);
  }

  private void checkItems(String name, EnvironmentId environment) {
    var replayed = Json.object();
    inTenant(session ->
            session.all(
                "SELECT DISTINCT ON (item_kind, item_key) item_kind, item_key, coalesce(item, 'null')::text AS item"
                    + " FROM environment_changes WHERE environment_id = $1 ORDER BY item_kind, item_key, revision DESC",
                row ->
                    Map.entry(
                        Columns.text(row, "item_kind") + " " + Columns.text(row, "item_key"),
                        Columns.json(row, "item")),
                environment.value()))
        .stream()
        .filter(item -> !item.getValue().isNull())
        .forEach(item -> replayed.set(item.getKey(), item.getValue()));
    var stored = Json.object();
    for (var kind : List.of("flag", "segment")) {
      published(environment, kind)
          .properties()
          .forEach(item -> stored.set(kind + " " + item.getKey(), item.getValue()));
    }
    assertThat(stored).as("the log of " + name).isEqualTo(replayed);
    assertThat(published(environment, "flag")).as(name).isEqualTo(flags(environment));
    assertThat(published(environment, "segment")).as(name).isEqualTo(segments(name));
  }

  private void checkReferences(EnvironmentId environment) {
    var ruleset = inTenant(session -> PublishedRuleset.load(session, tenant, environment));
    var errors = new FieldErrors();
    var all = new HashMap<ItemName, String>();
    published(environment, "flag").propertyNames().forEach(k -> all.put(ItemName.flag(k), k));
    published(environment, "segment").propertyNames().forEach(k -> all.put(ItemName.segment(k), k));
    RulesetCheck.check(ruleset, all, errors);
    assertThat(errors.list()).isEmpty();
  }

  private JsonNode flags(EnvironmentId environment) {
    var flags = Json.object();
    var project = inTenant(session -> LookupRows.project(session, tenant, "web"));
    for (var flag : inTenant(session -> FlagRows.all(session, tenant, project))) {
      var targeting =
          inTenant(session -> TargetingRows.find(session, tenant, flag.id(), environment));
      if (!flag.archived()) {
        flags.set(flag.key(), Items.flag(flag.shape(), targeting.targeting()));
      }
    }
    return Json.parseOwn(Json.write(flags));
  }

  private JsonNode segments(String environment) {
    var segments = Json.object();
    admin
        .get(PROJECT + "/environments/" + environment + "/segments?limit=200")
        .get("items")
        .forEach(segment -> {
          var key = segment.get("key").stringValue();
          var when = Condition.fromJson(segment.get("when"));
          segments.set(key, Items.segment(Segment.of(key, "user", when, null)));
        });
    return Json.parseOwn(Json.write(segments));
  }

  private JsonNode published(EnvironmentId environment, String kind) {
    var items = Json.object();
    inTenant(session ->
            session.all(
                "SELECT item_key, item::text AS item FROM environment_items WHERE environment_id = $1 AND item_kind = $2",
                row -> Map.entry(Columns.text(row, "item_key"), Columns.json(row, "item")),
                environment.value(),
                kind))
        .forEach(item -> items.set(item.getKey(), item.getValue()));
    return items;
  }

  private static Map<String, EnvironmentId> environments() {
    return inTenant(session ->
            session.all(
                "SELECT key, id FROM environments WHERE project_id = (SELECT id FROM projects WHERE key = 'web')",
                row ->
                    Map.entry(
                        Columns.text(row, "key"), new EnvironmentId(Columns.uuid(row, "id")))))
        .stream()
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  private static <T> T inTenant(Function<Session, Mono<T>> work) {
    return server.bean(Transactions.class).inTenant(tenant, work).block();
  }
}
