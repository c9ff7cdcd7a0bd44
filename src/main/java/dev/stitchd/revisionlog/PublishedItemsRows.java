package dev.stitchd.revisionlog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Reader;
import dev.stitchd.postgres.Replica;
import dev.stitchd.postgres.StandbyRows;
import io.r2dbc.spi.Readable;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// [PublishedItems] over the reader's pool: single statements, which get at nothing but the
/// environments that they name.
@Component
final class PublishedItemsRows implements PublishedItems {

  private static final String LOAD =
      """
      SELECT e.tenant_id, e.key, e.settings::text AS settings, e.revision, e.access_version, e.identity, e.epoch,
             pg_is_in_recovery() AS standby, x.item_kind, x.item_key, x.item::text AS item, x.revision AS item_revision
        FROM stitchd_environments(ARRAY[$1]) e LEFT JOIN stitchd_items($1) x ON true
      """;
  private static final String CHANGES =
      """
      SELECT e.revision, e.access_version, e.identity, e.pruned, COALESCE(stitchd_revision_identity($1, $2), 0) AS identity_of_since,
             pg_is_in_recovery() AS standby, c.item_kind, c.item_key, c.item::text AS item, c.revision AS item_revision,
             COALESCE((extract(epoch FROM clock_timestamp() - min(c.committed_at) OVER ()) * 1000000)::bigint, 0) AS age
        FROM stitchd_environments(ARRAY[$1]) e LEFT JOIN stitchd_changes($1, $2) c ON true
       ORDER BY c.revision
      """;
  private static final String REMOVALS =
      """
      SELECT e.revision, e.pruned, e.epoch, COALESCE(stitchd_revision_identity($1, $2), 0) AS identity_then,
             r.item_kind, r.item_key, NULL AS item, r.revision AS item_revision
        FROM stitchd_environments(ARRAY[$1]) e LEFT JOIN LATERAL stitchd_removals($1, e.pruned, $2, $3) r ON true
       ORDER BY r.revision DESC
      """;
  private static final String POSITIONS =
      """
      SELECT held.id, COALESCE(e.revision, -1) AS revision, COALESCE(e.access_version, -1) AS access_version,
             COALESCE(e.epoch, i.epoch) AS epoch, pg_is_in_recovery() AS standby,
             CASE WHEN held.revision = e.revision THEN e.identity
                  ELSE COALESCE(stitchd_revision_identity(e.id, held.revision), 0) END AS identity_then
        FROM unnest($1, $2) AS held (id, revision) LEFT JOIN stitchd_environments($1) e ON e.id = held.id JOIN installation i ON i.singleton
       WHERE e.id IS NOT NULL OR pg_is_in_recovery()
      """;
  private static final String REPLACE_EPOCH = "SELECT epoch FROM stitchd_replace_epoch($1, $2)";
  private static final String IDENTITY =
      "SELECT COALESCE(stitchd_revision_identity(id, $2), 0) AS identity FROM stitchd_environments(ARRAY[$1])";

  private record Head(
      TenantId tenant,
      String key,
      JsonNode settings,
      long revision,
      long accessVersion,
      long identity,
      UUID epoch,
      boolean fromStandby) {}

  private record Advance(
      long identityOfSince,
      long revision,
      long identity,
      long accessVersion,
      long pruned,
      Duration age,
      boolean fromStandby) {}

  private record Reach(long pruned, long revision, long identityThen, UUID epoch) {}

  private record Row<T>(T head, @Nullable Item item) {}

  private final Reader reader;
  private final Replica replica;

  PublishedItemsRows(Reader reader, Replica replica) {
    this.reader = reader;
    this.replica = replica;
  }

  @Override
  public Mono<State> load(EnvironmentId environment) {
    return reader
        .read(session ->
            session
                .all(LOAD, PublishedItemsRows::loaded, environment.value())
                .delayUntil(rows -> StandbyRows.refuseIfNothing(session, rows)))
        .filter(rows -> !rows.isEmpty())
        .map(rows -> state(environment, rows));
  }

  @Override
  public Mono<State> loadFromReplica(EnvironmentId environment, Duration within) {
    return replica
        .session(
            within, session -> session.all(LOAD, PublishedItemsRows::loaded, environment.value()))
        .onErrorComplete()
        .filter(rows -> !rows.isEmpty())
        .map(rows -> state(environment, rows));
  }

  @Override
  public Mono<Changes> changesSince(EnvironmentId environment, long revision) {
    return reader
        .read(session ->
            session
                .all(CHANGES, PublishedItemsRows::changed, environment.value(), revision)
                .delayUntil(rows -> StandbyRows.refuseIfNothing(session, rows)))
        .filter(rows -> !rows.isEmpty())
        .map(rows ->
            new Changes(
                revision,
                rows.getFirst().head().identityOfSince(),
                rows.getFirst().head().revision(),
                rows.getFirst().head().identity(),
                rows.getFirst().head().accessVersion(),
                rows.getFirst().head().pruned(),
                items(rows),
                rows.getFirst().head().age(),
                rows.getFirst().head().fromStandby()));
  }

  @Override
  public Mono<Removals> removals(EnvironmentId environment, long revision, int most) {
    return reader
        .read(session ->
            session.all(REMOVALS, PublishedItemsRows::removed, environment.value(), revision, most))
        .filter(rows -> !rows.isEmpty())
        .map(rows -> removals(rows.getFirst().head(), items(rows), most));
  }

  @Override
  public Flux<Position> positions(Map<EnvironmentId, Long> held) {
    if (held.isEmpty()) {
      return Flux.empty();
    }
    var entries = List.copyOf(held.entrySet());
    var ids = entries.stream().map(entry -> entry.getKey().value()).toArray(UUID[]::new);
    var revisions = entries.stream().map(Map.Entry::getValue).toArray(Long[]::new);
    return reader
        .read(session -> session.all(POSITIONS, PublishedItemsRows::position, ids, revisions))
        .flatMapIterable(positions -> positions);
  }

  @Override
  public Mono<Long> identity(EnvironmentId environment, long revision) {
    return reader.read(session ->
        session.one(
            IDENTITY, row -> Columns.number(row, "identity"), environment.value(), revision));
  }

  @Override
  public Mono<UUID> replaceEpoch(EnvironmentId environment, UUID seen) {
    return reader.read(session ->
        session.one(REPLACE_EPOCH, row -> Columns.uuid(row, "epoch"), environment.value(), seen));
  }

  private static Removals removals(Reach head, List<Item> items, int most) {
    return new Removals(
        items.size() < most ? head.pruned() : items.getLast().revision(),
        head.revision(),
        head.identityThen(),
        head.epoch(),
        items);
  }

  private static State state(EnvironmentId environment, List<Row<Head>> rows) {
    var head = rows.getFirst().head();
    return new State(
        environment,
        head.tenant(),
        head.key(),
        head.settings(),
        head.revision(),
        head.accessVersion(),
        head.identity(),
        head.epoch(),
        items(rows),
        head.fromStandby());
  }

  private static <T> List<Item> items(List<Row<T>> rows) {
    return rows.stream()
        .map(Row::item)
        .filter(Objects::nonNull)
        .map(Objects::requireNonNull)
        .toList();
  }

  private static Row<Head> loaded(Readable row) {
    var head =
        new Head(
            new TenantId(Columns.uuid(row, "tenant_id")),
            Columns.text(row, "key"),
            Columns.json(row, "settings"),
            Columns.number(row, "revision"),
            Columns.number(row, "access_version"),
            Columns.number(row, "identity"),
            Columns.uuid(row, "epoch"),
            Columns.bool(row, "standby"));
    return new Row<>(head, item(row));
  }

  private static Row<Advance> changed(Readable row) {
    return new Row<>(
        new Advance(
            Columns.number(row, "identity_of_since"),
            Columns.number(row, "revision"),
            Columns.number(row, "identity"),
            Columns.number(row, "access_version"),
            Columns.number(row, "pruned"),
            Duration.of(Columns.number(row, "age"), ChronoUnit.MICROS),
            Columns.bool(row, "standby")),
        item(row));
  }

  private static Row<Reach> removed(Readable row) {
    return new Row<>(
        new Reach(
            Columns.number(row, "pruned"),
            Columns.number(row, "revision"),
            Columns.number(row, "identity_then"),
            Columns.uuid(row, "epoch")),
        item(row));
  }

  private static Position position(Readable row) {
    return new Position(
        new EnvironmentId(Columns.uuid(row, "id")),
        Columns.number(row, "revision"),
        Columns.number(row, "access_version"),
        Columns.number(row, "identity_then"),
        Columns.uuid(row, "epoch"),
        Columns.bool(row, "standby"));
  }

  private static @Nullable Item item(Readable row) {
    var kind = kind(row.get("item_kind", String.class));
    if (kind == null) {
      return null;
    }
    var state = row.get("item", String.class);
    return new Item(
        kind,
        Columns.text(row, "item_key"),
        Columns.number(row, "item_revision"),
        state == null ? null : Json.parseOwn(state));
  }

  /// Null for kinds that a newer version may have added.
  private static @Nullable Kind kind(@Nullable String name) {
    return switch (name) {
      case "flag" -> Kind.FLAG;
      case "segment" -> Kind.SEGMENT;
      case null, default -> null;
    };
  }
}
