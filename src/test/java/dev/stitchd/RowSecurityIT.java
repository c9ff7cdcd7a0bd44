package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.OwnPostgres;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Transactions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/// Servers whose users are no superusers, as in production: the owner of the tables, and one that
/// may only serve.
class RowSecurityIT {

  private static final String NO_EVENTS = "http://default@127.0.0.1:1/none";
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final String TABLES =
      "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relrowsecurity";

  private static OwnPostgres postgres;
  private static String superuser;
  private static String owner;
  private static String login;
  private static Server server;

  @BeforeAll
  static void start() {
    postgres = OwnPostgres.started();
    var instance = StoreUrl.of(postgres.url());
    for (var sql :
        List.of(
            "CREATE ROLE owning LOGIN CREATEROLE PASSWORD 'x'",
            "CREATE ROLE serving LOGIN PASSWORD 'x'",
            "CREATE DATABASE stitchd OWNER owning")) {
      var _ = instance.query(sql);
    }
    superuser = instance.withDatabase("stitchd");
    owner = superuser.replaceFirst("//[^@]*@", "//owning:x@");
    login = superuser.replaceFirst("//[^@]*@", "//serving:x@");
    server = Server.on(owner, NO_EVENTS, Map.of());
    fill(server.admin(), "web");
  }

  @AfterAll
  static void stop() {
    server.close();
    postgres.close();
  }

  @Test
  void theOwnerWorksAndSeesNothing() {
    fill(server.admin(), "gone");
    assertThat(isMember(server, "gone", "u2")).isTrue();
    assertThat(server.admin().send("DELETE", "/projects/gone", "", "If-Match", "*").status())
        .isBetween(200, 204);

    for (var table : StoreUrl.of(superuser).query(TABLES)) {
      assertThat(StoreUrl.of(owner).query("SELECT count(*) FROM " + table))
          .as(table)
          .containsExactly("0");
    }
    assertThat(StoreUrl.of(superuser).query("SELECT count(*) > 0 FROM segment_list_members"))
        .containsExactly("t");
    assertThat(backBy("RESET ROLE")).isEqualTo("0");
    assertThat(backBy("SET ROLE NONE")).isEqualTo("0");
  }

  /// Nobody is left who knows what was lost, so nothing but this voids its cursors.
  @Test
  void whoRestoredABackupEndsAllHistoriesAsTheOwner() {
    fill(server.admin(), "restored");
    var key = server.admin().createSdkKey("restored", "production", "server");
    var before = server.http().get("/sdk/v1/config", "X-API-Key", key);
    var etag = before.header("ETag");
    var cursor = etag.replace("\"", "");
    var step = "SELECT stitchd_begin_new_histories()";
    assertThat(asked(login, step)).singleElement(STRING).contains("permission denied");

    assertThat(StoreUrl.of(owner).query(step)).singleElement(STRING).matches("[1-9][0-9]*");

    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          var named = server.http().get("/sdk/v1/config", "X-API-Key", key, "If-None-Match", etag);
          assertThat(named.status()).isEqualTo(200);
          assertThat(named.header("ETag").substring(1, 9)).isNotEqualTo(cursor.substring(0, 8));
          assertThat(named.json()).isEqualTo(before.json());
        });
    var since = server.http().get("/sdk/v1/config?since=" + cursor, "X-API-Key", key);
    assertThat(since.status()).isEqualTo(200);
    assertThat(since.json().has("since")).as("a patch").isFalse();
    assertThat(StoreUrl.of(owner).query("SELECT count(*) FROM environments")).containsExactly("0");
  }

  @Test
  void aLoginThatMayOnlyServeWorksAndIsNeverTheOwner() {
    for (var role : List.of("stitchd_app", "stitchd_reader")) {
      var _ = StoreUrl.of(owner).query("GRANT " + role + " TO serving");
    }
    try (var serving = Server.on(login, NO_EVENTS, Map.of("STITCHD_POSTGRES_LISTEN_URL", owner))) {
      fill(serving.admin(), "served");
      assertThat(isMember(serving, "served", "u2")).isTrue();
      assertThat(serving.admin().send("DELETE", "/projects/served", "", "If-Match", "*").status())
          .isBetween(200, 204);
      for (var back :
          List.of(
              "RESET ROLE",
              "SET ROLE NONE",
              "RESET SESSION AUTHORIZATION",
              "SET ROLE owning",
              "SET SESSION AUTHORIZATION owning")) {
        assertThat(backBy(serving, back)).as(back).matches("0|.*permission denied.*");
      }
      assertThat(backBy(serving, "SET ROLE owning")).contains("permission denied");
    }
  }

  @Test
  void theSdkPlanesRoleHasNoRightToAnyTableOfEnvironments() {
    var columns =
        StoreUrl.of(superuser)
            .query(
                """
                SELECT c.relname || ' ' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'S', 'p', 'f')
                   AND a.attnum > 0 AND NOT a.attisdropped AND c.relname NOT IN ('installation')
                """);
    assertThat(columns).hasSizeGreaterThan(150);
    for (var reader : readers()) {
      for (var column : columns) {
        var place = column.split(" ");
        assertThat(asked(reader, "SELECT \"%s\" FROM %s".formatted(place[1], place[0])))
            .as(column)
            .singleElement(STRING)
            .contains("permission denied");
      }
    }
    assertThat(
            StoreUrl.of(superuser)
                .query(
                    """
                    SELECT c.relname || ' ' || r.may FROM pg_class c, unnest('{INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS r (may)
                     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
                       AND (has_table_privilege('stitchd_reader', c.oid, r.may)
                            OR r.may IN ('INSERT', 'UPDATE', 'REFERENCES') AND has_any_column_privilege('stitchd_reader', c.oid, r.may))
                    """))
        .isEmpty();
  }

  /// Asks every function that the role may call and that only reads, with whatever it takes.
  @Test
  void theSdkPlanesRoleIsToldOfTheEnvironmentThatItNamesAlone() {
    var ours = environment("ours");
    var theirs = environment("theirs");
    var notOurs =
        StoreUrl.of(superuser)
            .query(
                "SELECT id FROM sdk_keys WHERE environment_id = '%s'".formatted(theirs.get("id")));
    var unknown = UUID.randomUUID().toString();
    var told = new TreeMap<String, Integer>();
    for (var reader : readers()) {
      for (var function : functions()) {
        var ofOurs = called(reader, function, ours);
        assertThat(ofOurs.toString())
            .as(function)
            .doesNotContain("ERROR", "theirs")
            .doesNotContain(theirs.values())
            .doesNotContain(notOurs);
        told.merge(function.split(" ")[0], ofOurs.size(), Math::max);
        assertThat(called(reader, function, Map.of())).as("unnamed: " + function).isEmpty();
        assertThat(called(reader, function, Map.of("id", unknown, "key", unknown, "hash", "00")))
            .as("unknown: " + function)
            .isEmpty();
      }
    }
    assertThat(told.keySet())
        .as("a function that only reads has to be looked at here")
        .containsExactly(
            "stitchd_changes",
            "stitchd_environments",
            "stitchd_event_definitions",
            "stitchd_items",
            "stitchd_removals",
            "stitchd_revision_identity",
            "stitchd_sdk_key_by_hash",
            "stitchd_sdk_key_by_id",
            "stitchd_sdk_keys",
            "stitchd_segment_list_members");
    assertThat(told.values()).as(told.toString()).allMatch(rows -> rows > 0);
  }

  @Test
  void theSdkPlanesRoleWritesForTheEnvironmentsThatItNamesAlone() {
    var named = environment("written").get("id");
    var unknown = UUID.randomUUID().toString();
    for (var reader : readers()) {
      for (var environment : List.of(named, unknown)) {
        var of = "'{" + environment + "}'";
        assertThat(
                asked(
                    reader,
                    "SELECT environment_id FROM stitchd_lease_event_tokens(%s, '{all}', '{1}', '{1}', '{1}')"
                        .formatted(of)))
            .isEqualTo(environment.equals(named) ? List.of(named) : List.of());
        assertThat(
                asked(
                    reader,
                    "SELECT stitchd_write_propagation('%s', %s, '{1}', '{\"{}\"}', %s, '{i}', '{t}', '{1}', '{[]}') > 0"
                        .formatted(unknown, of, of)))
            .containsExactly("t");
        assertThat(
                asked(
                    reader,
                    "SELECT epoch IS NULL FROM stitchd_replace_epoch('%s', '%s')"
                        .formatted(environment, unknown)))
            .isEqualTo(environment.equals(named) ? List.of("f") : List.of());
      }
    }
    for (var table : List.of("propagation_nodes", "propagation_instances")) {
      assertThat(
              StoreUrl.of(superuser)
                  .query(
                      "SELECT DISTINCT environment_id FROM %s WHERE environment_id IN ('%s', '%s')"
                          .formatted(table, named, unknown)))
          .as(table)
          .containsExactly(named);
    }
  }

  /// What a function of the owner finds must not depend on who calls it, and nobody calls it but
  /// the role that it is for.
  @Test
  void functionsOfTheOwnerAreForOneRoleAndFindNothingOfTheirCallers() {
    assertThat(
            StoreUrl.of(superuser)
                .query(
                    """
                    SELECT p.oid::regprocedure FROM pg_proc p
                     WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
                       AND p.prorettype <> 'trigger'::regtype
                       AND (p.proowner <> 'owning'::regrole OR has_function_privilege('pg_monitor', p.oid, 'EXECUTE')
                            OR NOT EXISTS (SELECT FROM unnest(p.proconfig) AS c (setting) WHERE c.setting LIKE 'search_path=pg_catalog%')
                            OR has_function_privilege('stitchd_reader', p.oid, 'EXECUTE') = has_function_privilege('stitchd_app', p.oid, 'EXECUTE'))
                    """))
        .isEmpty();
    assertThat(
            StoreUrl.of(superuser)
                .query(
                    """
                    SELECT p.oid::regprocedure FROM pg_proc p
                     WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef AND p.prorettype = 'trigger'::regtype
                       AND (p.proowner <> 'owning'::regrole
                            OR NOT EXISTS (SELECT FROM unnest(p.proconfig) AS c (setting) WHERE c.setting LIKE 'search_path=pg_catalog%')
                            OR has_function_privilege('pg_monitor', p.oid, 'EXECUTE')
                            OR has_function_privilege('stitchd_reader', p.oid, 'EXECUTE') OR has_function_privilege('stitchd_app', p.oid, 'EXECUTE'))
                    """))
        .as("triggers run by themselves")
        .isEmpty();
  }

  /// As after a restore without the owner, or under another one.
  @Test
  void whoeverOwnsTheTablesNowServesAsTheirFirstOwnerDid() {
    for (var sql :
        List.of(
            "CREATE ROLE second LOGIN CREATEROLE PASSWORD 'x'",
            "CREATE DATABASE moved OWNER owning")) {
      var _ = StoreUrl.of(postgres.url()).query(sql);
    }
    var moved = StoreUrl.of(postgres.url()).withDatabase("moved");
    String key;
    try (var first =
        Server.on(moved.replaceFirst("//[^@]*@", "//owning:x@"), NO_EVENTS, Map.of())) {
      fill(first.admin(), "web");
      key = first.admin().createSdkKey("web", "production", "server");
    }
    for (var sql :
        List.of(
            "REASSIGN OWNED BY owning TO second",
            "ALTER DATABASE stitchd OWNER TO owning",
            "GRANT stitchd_app, stitchd_reader TO second")) {
      var _ = StoreUrl.of(moved).query(sql);
    }
    var second = moved.replaceFirst("//[^@]*@", "//second:x@");
    var step = "SELECT stitchd_begin_new_histories()";
    assertThat(asked(second, step)).singleElement(STRING).contains("do not name second");
    try (var next = Server.on(second, NO_EVENTS, Map.of())) {
      assertThat(next.http().get("/sdk/v1/config", "Authorization", "Bearer " + key).status())
          .isEqualTo(200);
      assertThat(isMember(next, "web", "u2")).isTrue();
      fill(next.admin(), "more");
      assertThat(StoreUrl.of(second).query(step)).containsExactly("2");
    }
    assertThat(
            StoreUrl.of(moved)
                .query(
                    "SELECT tablename, policyname FROM pg_policies WHERE roles && '{owning}'::name[]"))
        .isEmpty();

    var _ = StoreUrl.of(moved).query("DROP POLICY of_owner ON sdk_keys");
    assertThatThrownBy(() -> Server.on(second, NO_EVENTS, Map.of()))
        .hasStackTraceContaining("the table sdk_keys lacks the policy of its owner")
        .hasStackTraceContaining("CREATE ROLE");
  }

  /// The first two as nodes of before version 14 delete, the third as those of before version 22.
  @Test
  void everythingOfAnEnvironmentIsErasedWhicheverNodeDeletesIt() {
    var byProject = environment("byproject").get("id");
    var byItself = environment("byitself").get("id");
    var hidden = environment("byhiding").get("id");
    var tenant =
        StoreUrl.of(superuser)
            .query("SELECT tenant_id FROM environments WHERE id = '%s'".formatted(hidden))
            .getFirst();
    for (var statement :
        List.of(
            "DELETE FROM projects WHERE key = 'byproject'",
            "DELETE FROM environments WHERE id = '" + byItself + "'",
            "PERFORM set_config('stitchd.deleted', 'on', true); UPDATE environments SET deleted_at = now() WHERE id = '%s'"
                .formatted(hidden))) {
      var _ =
          StoreUrl.of(owner)
              .query(
                  """
                  DO $$ BEGIN
                    SET LOCAL ROLE stitchd_app;
                    PERFORM set_config('stitchd.tenant', '%s', true);
                    %s;
                  END $$
                  """
                      .formatted(tenant, statement));
    }
    for (var environment : List.of(byProject, byItself, hidden)) {
      assertThat(
              StoreUrl.of(superuser)
                  .query(
                      "SELECT tenant_id FROM erasures WHERE environment_id = '%s' AND context_type IS NULL"
                          .formatted(environment)))
          .containsExactly(tenant);
    }
  }

  @Test
  void whatIsToBeDoneIsToldToThePlatformAlone() {
    environment("busy");
    var tenant = StoreUrl.of(superuser).query("SELECT id FROM tenants").getFirst();
    for (var function :
        List.of(
            "stitchd_lists_to_announce(-1)",
            "stitchd_silent_imports(-1)",
            "stitchd_unused_generations(-1)",
            "stitchd_deletions_to_do(-1)",
            "stitchd_erasures_to_do(-1, -1, 10)")) {
      for (var reader : readers()) {
        assertThat(asked(reader, "SELECT FROM " + function))
            .as(function)
            .singleElement(STRING)
            .contains("permission denied");
      }
      assertThat(
              server
                  .bean(Transactions.class)
                  .inTenant(
                      new TenantId(UUID.fromString(tenant)),
                      session ->
                          session.all(
                              "SELECT tenant_id FROM " + function,
                              row -> Columns.uuid(row, "tenant_id")))
                  .block())
          .as(function)
          .isEmpty();
    }
  }

  /// Nodes of before version 19 have no other way to what they serve than the tables.
  @Test
  void olderNodesGoOnBesideNewerOnesUntilANodeIsStartedWithoutThem() {
    var theirs = environment("older").get("id");
    var reads =
        "SELECT count(*) > 0 FROM environment_items WHERE environment_id = '" + theirs + "'";
    var writes = "UPDATE environments SET epoch = epoch WHERE id = '" + theirs + "' RETURNING id";
    var reader = as(owner);
    assertThat(asked(reader, reads)).singleElement(STRING).contains("permission denied");
    try (var newer = Server.on(owner, NO_EVENTS, Map.of("STITCHD_POSTGRES_OLDER_NODES", "true"))) {
      assertThat(asked(reader, reads)).containsExactly("t");
      assertThat(asked(reader, writes)).containsExactly(theirs);
      assertThat(asked(reader, "SELECT count(*) >= 0 FROM segment_list_members"))
          .singleElement(STRING)
          .contains("permission denied");
      assertThat(isMember(newer, "older", "u2")).isTrue();
    }
    try (var last = Server.on(owner, NO_EVENTS, Map.of())) {
      assertThat(asked(reader, reads)).singleElement(STRING).contains("permission denied");
      assertThat(asked(reader, writes)).singleElement(STRING).contains("permission denied");
      assertThat(isMember(last, "older", "u2")).isTrue();
    }
    assertThat(isMember(server, "older", "u2")).isTrue();
  }

  /// As the owner and as a login that may only serve, each with the role that the SDK plane has.
  private static List<String> readers() {
    for (var role : List.of("stitchd_app", "stitchd_reader")) {
      var _ = StoreUrl.of(owner).query("GRANT " + role + " TO serving");
    }
    return List.of(as(owner), as(login));
  }

  private static String as(String url) {
    return url + "?options=-c%20role=stitchd_reader";
  }

  private static List<String> asked(String reader, String sql) {
    try {
      return StoreUrl.of(reader).query(sql);
    } catch (IllegalStateException refused) {
      return List.of(String.valueOf(refused.getMessage()));
    }
  }

  /// Names and arguments, as `stitchd_items asked uuid`.
  private static List<String> functions() {
    return StoreUrl.of(superuser)
        .query(
            """
            SELECT p.proname || ' ' || pg_get_function_identity_arguments(p.oid) FROM pg_proc p
             WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef AND p.provolatile <> 'v'
               AND has_function_privilege('stitchd_reader', p.oid, 'EXECUTE') AND p.proname <> 'stitchd_backend_works'
            """);
  }

  /// What a function says of what is named, if anything.
  ///
  /// @param named an environment's id, and the id and the hash of a key of it; nothing where null
  ///   is said
  private static List<String> called(String reader, String function, Map<String, String> named) {
    var parts = function.split(" ", 2);
    var arguments =
        Arrays.stream(parts[1].split(", "))
            .map(argument -> argument(parts[0], argument, named))
            .collect(Collectors.joining(", "));
    return asked(
        reader,
        "SELECT told FROM (SELECT f::text AS told FROM %s(%s) AS f) AS f WHERE told IS NOT NULL"
            .formatted(parts[0], arguments));
  }

  private static String argument(String function, String argument, Map<String, String> named) {
    var nameAndType = argument.split(" ", 2);
    return switch (nameAndType[1]) {
      case "uuid" -> quoted(named.get(function.endsWith("_by_id") ? "key" : "id"));
      case "uuid[]" -> named.isEmpty() ? "NULL" : "'{" + named.get("id") + "}'";
      case "bytea" -> named.isEmpty() ? "NULL" : "'\\x" + named.get("hash") + "'";
      case "text[]" -> "'{vip,u1,u2}'";
      case "bigint" ->
          switch (nameAndType[0]) {
            case "since" -> "0";
            case "until" -> "1000000";
            default -> "1";
          };
      case "integer" -> "1000";
      default -> throw new AssertionError("an argument that this test does not know: " + argument);
    };
  }

  private static String quoted(String value) {
    return value == null ? "NULL" : "'" + value + "'";
  }

  /// Makes an environment in which all that SDKs are told of says whose it is.
  ///
  /// @return its id, and the id and the hash of its key
  private static Map<String, String> environment(String name) {
    var admin = server.admin();
    fill(admin, name);
    var environment = "/projects/" + name + "/environments/production";
    admin.createFlag(name, name);
    admin.createFlag(name, "gone-" + name);
    admin.send("DELETE", "/projects/" + name + "/flags/gone-" + name, "", "If-Match", "*");
    admin.create(
        environment + "/event-definitions", "{\"key\":\"%s\",\"name\":\"x\"}".formatted(name));
    admin.createSdkKey(name, "production", "server");
    var found =
        StoreUrl.of(superuser)
            .query(
                """
                SELECT e.id, k.id, encode(k.hash, 'hex') FROM projects p
                  JOIN environments e ON e.project_id = p.id JOIN sdk_keys k ON k.environment_id = e.id
                 WHERE p.key = '%s' AND p.deleted_at IS NULL
                """
                    .formatted(name))
            .getFirst()
            .split("\t");
    return Map.of("id", found[0], "key", found[1], "hash", found[2]);
  }

  private static void fill(Admin admin, String project) {
    admin.createProject(project);
    admin.createEnvironment(project, "production");
    admin.createFlag(project, "checkout");
    admin.serve(project, "checkout", "production", "on");
    admin.createSegment(project, "production", "{\"key\":\"vip\",\"name\":\"VIP\"}");
    var members = "/projects/" + project + "/environments/production/segments/vip/members";
    assertThat(admin.send("POST", members, "{\"keys\":[\"u1\"]}").status()).isEqualTo(200);
    assertThat(admin.send("PUT", members, "key\nu1\nu2\n", "Content-Type", "text/csv").status())
        .isEqualTo(200);
  }

  private static boolean isMember(Server of, String project, String member) {
    var key = of.admin().createSdkKey(project, "production", "server");
    var answer =
        of.http()
            .post(
                "/sdk/v1/segments/membership",
                "{\"keys\":[\"" + member + "\"]}",
                "Authorization",
                "Bearer " + key);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return !answer.json().at("/memberships/" + member).isEmpty();
  }

  private static String backBy(String sql) {
    return backBy(server, sql);
  }

  private static String backBy(Server of, String sql) {
    return of.bean(Transactions.class)
        .onPlatform(session ->
            session
                .run(sql)
                .then(
                    session.one(
                        "SELECT count(*) AS n FROM projects", row -> Columns.number(row, "n"))))
        .map(String::valueOf)
        .onErrorResume(refused -> Mono.just(String.valueOf(refused.getMessage())))
        .block();
  }
}
