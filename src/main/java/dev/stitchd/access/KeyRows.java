package dev.stitchd.access;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Lender;
import dev.stitchd.postgres.StandbyRows;
import dev.stitchd.postgres.Transactions;
import io.r2dbc.spi.Readable;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// SDK keys in PostgreSQL, read with the rights of the SDK plane, which reach no further than the
/// key or the environments that are named. Each answer is one statement, so a key and its
/// environment's access version belong together.
@Component
final class KeyRows implements KeyStore {

  private static final String FIND_BY_HASH =
      "SELECT id, tenant_id, environment_id, kind, hash, access_version FROM stitchd_sdk_key_by_hash($1)";

  private static final String FIND_BY_ID =
      "SELECT id, tenant_id, environment_id, kind, hash, access_version FROM stitchd_sdk_key_by_id($1)";

  private static final String VALID =
      """
      SELECT e.id AS environment_id, e.access_version, k.id
        FROM stitchd_environments($1) e LEFT JOIN stitchd_sdk_keys($1) k ON k.environment_id = e.id
      """;

  private static final String USED = "SELECT stitchd_sdk_keys_used($1) AS noted";

  private record Row(EnvironmentId environment, long accessVersion, @Nullable UUID key) {}

  private final Lender reader;
  private final Transactions transactions;

  /// @param transactions since the SDK plane's own role writes nothing
  KeyRows(@Qualifier("readerLender") Lender reader, Transactions transactions) {
    this.reader = reader;
    this.transactions = transactions;
  }

  @Override
  public Mono<Void> used(Collection<UUID> keys) {
    return transactions
        .onPlatform(session ->
            session.one(
                USED, row -> Columns.number(row, "noted"), (Object) keys.toArray(UUID[]::new)))
        .then();
  }

  @Override
  public Mono<Stored> find(KeyHash hash) {
    return found(FIND_BY_HASH, hash.bytes());
  }

  @Override
  public Mono<Stored> find(UUID id) {
    return found(FIND_BY_ID, id);
  }

  private Mono<Stored> found(String sql, Object name) {
    return reader
        .session(session ->
            session
                .all(sql, KeyRows::stored, name)
                .delayUntil(rows -> StandbyRows.refuseIfNothing(session, rows)))
        .flatMap(rows -> Mono.justOrEmpty(rows.stream().findFirst()));
  }

  @Override
  public Mono<Map<EnvironmentId, Valid>> valid(Collection<EnvironmentId> environments) {
    var ids = environments.stream().map(EnvironmentId::value).toArray(UUID[]::new);
    return reader
        .session(session ->
            StandbyRows.refuse(session)
                .then(Mono.defer(() -> session.all(VALID, KeyRows::row, (Object) ids))))
        .map(KeyRows::byEnvironment);
  }

  private static Stored stored(Readable row) {
    var caller =
        new SdkCaller(
            Columns.uuid(row, "id"),
            new TenantId(Columns.uuid(row, "tenant_id")),
            new EnvironmentId(Columns.uuid(row, "environment_id")),
            SdkCaller.Kind.valueOf(Columns.text(row, "kind").toUpperCase(Locale.ROOT)));
    var hash = new byte[32];
    Objects.requireNonNull(row.get("hash", ByteBuffer.class), "hash").get(hash);
    return new Stored(caller, KeyHash.of(hash), Columns.number(row, "access_version"));
  }

  private static Row row(Readable row) {
    return new Row(
        new EnvironmentId(Columns.uuid(row, "environment_id")),
        Columns.number(row, "access_version"),
        row.get("id", UUID.class));
  }

  private static Map<EnvironmentId, Valid> byEnvironment(List<Row> rows) {
    var keys = new LinkedHashMap<EnvironmentId, Set<UUID>>();
    var versions = new LinkedHashMap<EnvironmentId, Long>();
    for (var row : rows) {
      var ofEnvironment = keys.computeIfAbsent(row.environment(), _ -> new HashSet<>());
      versions.put(row.environment(), row.accessVersion());
      if (row.key() != null) {
        ofEnvironment.add(row.key());
      }
    }
    var valid = new LinkedHashMap<EnvironmentId, Valid>();
    versions.forEach((environment, version) ->
        valid.put(
            environment, new Valid(version, Set.copyOf(keys.getOrDefault(environment, Set.of())))));
    return valid;
  }
}
