package dev.stitchd.catalog.event;

import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.resource.Author;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// The statements on `event_definitions`.
final class EventDefinitionRows {

  private static final String COLUMNS =
      "id, key, name, description, value_type, unit, allowed_properties, version, created_at, created_by, updated_at";
  private static final String PAGE =
      "SELECT "
          + COLUMNS
          + " FROM event_definitions WHERE tenant_id = $1 AND environment_id = $2 AND key > $3 ORDER BY key LIMIT $4";
  private static final String FIND =
      "SELECT "
          + COLUMNS
          + " FROM event_definitions WHERE tenant_id = $1 AND environment_id = $2 AND key = $3";
  private static final String INSERT =
      """
      INSERT INTO event_definitions
        (tenant_id, environment_id, key, name, description, value_type, unit, allowed_properties, created_by)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text[], $9) RETURNING
      """
          + COLUMNS;
  private static final String REPLACE =
      """
      UPDATE event_definitions
         SET name = $3, description = $4, value_type = $5, unit = $6, allowed_properties = $7::text[],
             version = version + 1, updated_at = now()
       WHERE tenant_id = $1 AND id = $2 RETURNING
      """
          + COLUMNS;

  private EventDefinitionRows() {}

  static Mono<List<EventDefinitionRow>> page(
      Session session, TenantId tenant, UUID environment, String after, int limit) {
    return session.all(PAGE, EventDefinitionRow::of, tenant.value(), environment, after, limit + 1);
  }

  static Mono<EventDefinitionRow> find(
      Session session, TenantId tenant, UUID environment, String key) {
    return session
        .one(FIND, EventDefinitionRow::of, tenant.value(), environment, key)
        .switchIfEmpty(
            Mono.error(
                () -> new Problem.NotFound("there is no event '" + key + "' in this environment")));
  }

  static Mono<Long> count(Session session, TenantId tenant, UUID environment) {
    return session.one(
        "SELECT count(*) AS definitions FROM event_definitions WHERE tenant_id = $1 AND environment_id = $2",
        row -> Columns.number(row, "definitions"),
        tenant.value(),
        environment);
  }

  /// Which of these keys are not defined.
  static Mono<List<String>> undefined(
      Session session, TenantId tenant, UUID environment, List<String> keys) {
    return session.all(
        """
        SELECT k AS key FROM unnest($3::text[]) k WHERE NOT EXISTS (
          SELECT FROM event_definitions WHERE tenant_id = $1 AND environment_id = $2 AND key = k)
        """,
        row -> Columns.text(row, "key"),
        tenant.value(),
        environment,
        keys.toArray(String[]::new));
  }

  static Mono<EventDefinitionRow> insert(
      Session session, Author author, UUID environment, EventDefinitionBody wanted) {
    return session.one(
        INSERT,
        EventDefinitionRow::of,
        author.tenant().value(),
        environment,
        wanted.named().key(),
        wanted.named().name(),
        wanted.description(),
        wanted.value().wire(),
        wanted.unit(),
        array(wanted.allowedProperties()),
        author.name());
  }

  static Mono<EventDefinitionRow> replace(
      Session session, TenantId tenant, UUID definition, EventDefinitionBody wanted) {
    return session.one(
        REPLACE,
        EventDefinitionRow::of,
        tenant.value(),
        definition,
        wanted.named().name(),
        wanted.description(),
        wanted.value().wire(),
        wanted.unit(),
        array(wanted.allowedProperties()));
  }

  static Mono<Long> delete(Session session, TenantId tenant, UUID definition) {
    return session.run(
        "DELETE FROM event_definitions WHERE tenant_id = $1 AND id = $2",
        tenant.value(),
        definition);
  }

  private static String @Nullable [] array(@Nullable List<String> texts) {
    return texts == null ? null : texts.toArray(String[]::new);
  }
}
