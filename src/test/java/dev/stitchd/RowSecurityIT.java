package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.OwnPostgres;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Transactions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/// Servers whose users are no superusers, as in production: the owner of the tables, and one that
/// may only serve.
class RowSecurityIT {

  private static final String NO_EVENTS = "http://default@127.0.0.1:1/none";
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
