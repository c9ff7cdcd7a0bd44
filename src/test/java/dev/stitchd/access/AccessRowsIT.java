package dev.stitchd.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.access.signing.SecretRows;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.dev.Stores;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Lender;
import dev.stitchd.postgres.Transactions;
import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import java.net.URI;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/// The statements of this room on a real PostgreSQL, with the rights that they have in the server.
class AccessRowsIT implements KeyStoreContract {

  private static URI uri;
  private static StoreUrl database;

  @BeforeAll
  static void migrate() {
    var url = Stores.shared().freshPostgres().url();
    uri = URI.create(url);
    database = StoreUrl.of(url);
    var user = uri.getUserInfo().split(":", 2);
    var _ =
        Flyway.configure()
            .dataSource(
                "jdbc:postgresql://%s:%d%s".formatted(uri.getHost(), uri.getPort(), uri.getPath()),
                user[0],
                user.length > 1 ? user[1] : "")
            .locations("classpath:db/migration/postgresql")
            .load()
            .migrate();
  }

  private static Lender lender(String role) {
    return new Lender(connections(role), Duration.ofSeconds(10), Schedulers.parallel());
  }

  private static PostgresqlConnectionFactory connections(String role) {
    var user = uri.getUserInfo().split(":", 2);
    return new PostgresqlConnectionFactory(
        PostgresqlConnectionConfiguration.builder()
            .host(uri.getHost())
            .port(uri.getPort())
            .database(uri.getPath().substring(1))
            .username(user[0])
            .password(user.length > 1 ? user[1] : "")
            .options(Map.of("role", role))
            .build());
  }

  private static String insert(String sql, Object... arguments) {
    return database.query(sql.formatted(arguments) + " RETURNING id").getFirst();
  }

  @Override
  public KeyStore store() {
    return new KeyRows(lender("stitchd_reader"), new Transactions(lender("stitchd_app")));
  }

  @Override
  public EnvironmentId newEnvironment() {
    var key = UUID.randomUUID();
    var tenant = database.query("SELECT id FROM tenants WHERE key = 'default'").getFirst();
    var project =
        insert(
            "INSERT INTO projects (tenant_id, key, name, created_by) VALUES ('%s', '%s', 'p', 't')",
            tenant, key);
    return new EnvironmentId(
        UUID.fromString(
            insert(
                "INSERT INTO environments (tenant_id, project_id, key, name, created_by) VALUES ('%s', '%s', 'e', 'e', 't')",
                tenant, project)));
  }

  @Override
  public SdkCaller newKey(EnvironmentId environment, String key, SdkCaller.Kind kind) {
    raise(environment);
    var tenant =
        database
            .query("SELECT tenant_id FROM environments WHERE id = '%s'".formatted(environment))
            .getFirst();
    var id =
        insert(
            "INSERT INTO sdk_keys (tenant_id, environment_id, name, kind, hash, created_by) VALUES ('%s', '%s', 'k', '%s', '\\x%s', 't')",
            tenant,
            environment,
            kind.name().toLowerCase(Locale.ROOT),
            HexFormat.of().formatHex(SecretKeys.hash(key)));
    return new SdkCaller(
        UUID.fromString(id), new TenantId(UUID.fromString(tenant)), environment, kind);
  }

  @Override
  public void revoke(SdkCaller caller) {
    raise(caller.environment());
    var _ = insert("UPDATE sdk_keys SET revoked_at = now() WHERE id = '%s'", caller.keyId());
  }

  @Override
  public void delete(EnvironmentId environment) {
    var _ = insert("DELETE FROM environments WHERE id = '%s'", environment);
  }

  private static void raise(EnvironmentId environment) {
    var _ =
        insert(
            "UPDATE environments SET access_version = access_version + 1 WHERE id = '%s'",
            environment);
  }

  @Test
  void tokenIsAddedOnlyWhileThereIsNone() {
    var rows = new TokenRows(new Transactions(lender("stitchd_app")));
    Flux.range(0, 8)
        .flatMap(i -> rows.addFirst("t" + i, KeyHash.of("sat_" + i)).filter(added -> added), 8)
        .as(StepVerifier::create)
        .expectNext(true)
        .verifyComplete();
    var name = database.query("SELECT name FROM api_tokens").getFirst();
    rows.holder(KeyHash.of("sat_" + name.substring(1)))
        .map(holder -> holder.actor().name())
        .as(StepVerifier::create)
        .expectNext(name)
        .verifyComplete();
    rows.holder(KeyHash.of("sat_other")).as(StepVerifier::create).verifyComplete();
  }

  @Test
  void tenantIsFoundByKeyAndThePlatformRightEndsWithTheTransaction() {
    var rows = new TokenRows(new Transactions(lender("stitchd_app")));
    var id = database.query("SELECT id FROM tenants WHERE key = 'default'").getFirst();
    rows.tenant("default")
        .as(StepVerifier::create)
        .expectNext(new TenantId(UUID.fromString(id)))
        .verifyComplete();
    rows.tenant("nobody").as(StepVerifier::create).verifyComplete();
    DatabaseClient.create(connections("stitchd_app"))
        .sql("SELECT count(*) FROM tenants")
        .mapValue(Long.class)
        .one()
        .as(StepVerifier::create)
        .expectNext(0L)
        .verifyComplete();
  }

  @Test
  void sdkPlaneCannotReadApiTokens() {
    new TokenRows(new Transactions(lender("stitchd_reader")))
        .holder(KeyHash.of("sat_any"))
        .as(StepVerifier::create)
        .verifyErrorSatisfies(failure ->
            assertThat(failure)
                .isInstanceOfAny(
                    org.springframework.dao.PermissionDeniedDataAccessException.class,
                    R2dbcPermissionDeniedException.class));
  }

  @Test
  void everyInstallationHasASecretOfItsOwn() {
    var secret = new SecretRows(new Transactions(lender("stitchd_app"))).secret().block();
    assertThat(secret).hasSize(32);
    assertThat(new SecretRows(new Transactions(lender("stitchd_app"))).secret().block())
        .isEqualTo(secret);
    new SecretRows(new Transactions(lender("stitchd_reader")))
        .secret()
        .as(StepVerifier::create)
        .verifyError(R2dbcPermissionDeniedException.class);
  }
}
