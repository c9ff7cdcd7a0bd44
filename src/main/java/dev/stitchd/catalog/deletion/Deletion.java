package dev.stitchd.catalog.deletion;

import dev.stitchd.kernel.Json;
import dev.stitchd.postgres.Columns;
import dev.stitchd.resource.Versioned;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/// A project or environment that was deleted, and how far the removal of its rows is.
///
/// @param number rises from one deletion to the next
/// @param project its key, as it was
/// @param environment null if the whole project was deleted
/// @param state `queued`, `running`, `done`
/// @param eventsLeft how far the removal of its events from ClickHouse is: `queued`, `running`,
///   `failed-and-retrying`; null if none is left
/// @param eventsDeleted rows of events that were removed there
public record Deletion(
    UUID id,
    long number,
    String project,
    @Nullable String environment,
    String state,
    long rowsDeleted,
    @Nullable String eventsLeft,
    long eventsDeleted,
    Instant createdAt,
    @Nullable Instant finishedAt) {

  static Deletion of(Readable row) {
    return new Deletion(
        Columns.uuid(row, "id"),
        Columns.number(row, "number"),
        Columns.text(row, "project"),
        row.get("environment", String.class),
        Columns.text(row, "state"),
        Columns.number(row, "rows_deleted"),
        row.get("events_left", String.class),
        Objects.requireNonNullElse(row.get("events_deleted", Long.class), 0L),
        Columns.instant(row, "created_at"),
        Versioned.instantOrNull(row, "finished_at"));
  }

  /// As the API answers it.
  public ObjectNode json() {
    var json =
        Json.object()
            .put("id", id.toString())
            .put("kind", environment == null ? "project" : "environment")
            .put("project", project);
    if (environment != null) {
      json.put("environment", environment);
    }
    json.put("state", state).put("rowsDeleted", rowsDeleted);
    json.putObject("events")
        .put("state", eventsLeft == null ? "done" : eventsLeft)
        .put("rowsDeleted", eventsDeleted);
    json.put("createdAt", Versioned.timestamp(createdAt));
    if (finishedAt != null) {
      json.put("finishedAt", Versioned.timestamp(finishedAt));
    }
    return json;
  }
}
