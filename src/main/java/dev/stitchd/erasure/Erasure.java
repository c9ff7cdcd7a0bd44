package dev.stitchd.erasure;

import dev.stitchd.kernel.Json;
import dev.stitchd.postgres.Columns;
import dev.stitchd.resource.Versioned;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/// That one person's data is to be erased, and how far that is.
///
/// @param number rises from one erasure to the next
/// @param state `queued`, `running`, `failed-and-retrying`, `done`
/// @param attempts that failed since one did not
/// @param tablesDone how many tables of the store have nothing left
public record Erasure(
    UUID id,
    long number,
    String project,
    String environment,
    String contextType,
    String contextKey,
    String state,
    long attempts,
    long tablesDone,
    long rowsDeleted,
    Instant createdAt,
    @Nullable Instant startedAt,
    @Nullable Instant finishedAt) {

  static Erasure of(Readable row) {
    return new Erasure(
        Columns.uuid(row, "id"),
        Columns.number(row, "number"),
        Columns.text(row, "project"),
        Columns.text(row, "environment"),
        Columns.text(row, "context_type"),
        Columns.text(row, "context_key"),
        Columns.text(row, "state"),
        Columns.number(row, "attempts"),
        Columns.number(row, "tables_done"),
        Columns.number(row, "rows_deleted"),
        Columns.instant(row, "created_at"),
        Versioned.instantOrNull(row, "started_at"),
        Versioned.instantOrNull(row, "finished_at"));
  }

  /// As the API answers it.
  ///
  /// @param tables how many tables the store has
  ObjectNode json(int tables) {
    var json =
        Json.object()
            .put("id", id.toString())
            .put("project", project)
            .put("environment", environment)
            .put("contextType", contextType)
            .put("contextKey", contextKey)
            .put("state", state)
            .put("rowsDeleted", rowsDeleted)
            .put("failedAttempts", attempts);
    json.putObject("progress").put("tables", tables).put("done", tablesDone);
    json.put("createdAt", Versioned.timestamp(createdAt));
    if (startedAt != null) {
      json.put("startedAt", Versioned.timestamp(startedAt));
    }
    if (finishedAt != null) {
      json.put("finishedAt", Versioned.timestamp(finishedAt));
    }
    return json;
  }
}
