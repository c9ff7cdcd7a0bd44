package dev.stitchd.segment;

import dev.stitchd.kernel.Json;
import dev.stitchd.postgres.Columns;
import io.r2dbc.spi.Readable;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A replacement of a whole list: how far it is, or how it ended.
///
/// @param rows lines read that hold a key
/// @param duplicates of these, keys that had come before on the same side
/// @param rejected lines that hold no valid key
/// @param errors the first of them
/// @param recognized the form that the upload was taken for; null while it is read
/// @param failure why it failed, for people
/// @param at when this was so, by the database's clock
public record MemberImport(
    UUID id,
    State state,
    long generation,
    long rows,
    long duplicates,
    long rejected,
    JsonNode errors,
    JsonNode recognized,
    @Nullable String failure,
    String actor,
    Instant startedAt,
    @Nullable Instant finishedAt,
    Instant at) {

  /// How an import stands.
  public enum State {
    RUNNING,
    DONE,
    FAILED;

    private static State of(String text) {
      return switch (text) {
        case "running" -> RUNNING;
        case "done" -> DONE;
        case "failed" -> FAILED;
        default -> throw new IllegalStateException("an import's state is '" + text + "'");
      };
    }

    private String wire() {
      return switch (this) {
        case RUNNING -> "running";
        case DONE -> "done";
        case FAILED -> "failed";
      };
    }
  }

  static MemberImport of(Readable row) {
    var finished = row.get("finished_at", OffsetDateTime.class);
    return new MemberImport(
        Columns.uuid(row, "id"),
        State.of(Columns.text(row, "state")),
        Columns.number(row, "generation"),
        Columns.number(row, "rows"),
        Columns.number(row, "duplicates"),
        Columns.number(row, "rejected"),
        Columns.json(row, "errors"),
        Columns.json(row, "recognized"),
        row.get("failure", String.class),
        Columns.text(row, "actor"),
        Columns.instant(row, "started_at"),
        finished == null ? null : finished.toInstant(),
        Columns.instant(row, "at"));
  }

  /// As the API answers it.
  public ObjectNode json() {
    var json =
        Json.object()
            .put("id", id.toString())
            .put("state", state.wire())
            .put("rows", rows)
            .put("duplicates", duplicates)
            .put("rejected", rejected)
            .put("rowsPerSecond", rowsPerSecond())
            .put("generation", generation);
    json.set("errors", errors);
    if (!recognized.isNull()) {
      json.set("recognized", recognized);
    }
    if (failure != null) {
      json.put("failure", failure);
    }
    json.put("createdBy", actor).put("startedAt", text(startedAt));
    if (finishedAt != null) {
      json.put("finishedAt", text(finishedAt));
    }
    return json;
  }

  private long rowsPerSecond() {
    var until = finishedAt == null ? at : finishedAt;
    long millis = Math.max(1, Duration.between(startedAt, until).toMillis());
    return rows * 1000 / millis;
  }

  private static String text(Instant instant) {
    var text = instant.truncatedTo(ChronoUnit.MILLIS).toString();
    return text.contains(".") ? text : text.replace("Z", ".000Z");
  }
}
