package dev.stitchd.audit;

import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.Json;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A row of the audit log.
///
/// @param place where in the log it is
/// @param author null of whom are the comment and, in rows of before, the origin
/// @param resource the thing's path below `/api/v1`
/// @param revisions by environment
/// @param more how many changes there were besides those that are kept
public record AuditEntry(
    Place place,
    AuditNote.Author author,
    String action,
    String resource,
    AuditNote.Place about,
    JsonNode revisions,
    JsonNode changes,
    int more,
    String summary) {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  /// Where in the log an entry is: it is in order of time and, of one time, of number.
  public record Place(Instant at, long id) {

    /// Before every entry, as whoever begins with the newest.
    public static final Place NEWEST =
        new Place(Instant.parse("9999-12-31T00:00:00Z"), Long.MAX_VALUE);

    private static final long MICROS = 1_000_000;
    private static final int NANOS = 1_000;

    /// As cursors have it.
    public String text() {
      return at.getEpochSecond() * MICROS + at.getNano() / NANOS + "." + id;
    }

    /// What [#text] gave; null if it is something else.
    public static @Nullable Place of(String text) {
      if (!text.matches("[0-9]{1,16}\\.[0-9]{1,18}")) {
        return null;
      }
      var dot = text.indexOf('.');
      var micros = Long.parseLong(text.substring(0, dot));
      return new Place(
          Instant.ofEpochSecond(micros / MICROS, micros % MICROS * NANOS),
          Long.parseLong(text.substring(dot + 1)));
    }
  }

  /// As the API answers it.
  public ObjectNode json() {
    var json =
        Json.object().put("id", Long.toString(place.id())).put("at", TIME.format(place.at()));
    json.set("actor", actor(author.by()));
    json.put("action", action).put("resource", "/api/v1" + resource);
    put(json, "project", about.project());
    put(json, "environment", about.environment());
    if (revisions.size() == 1) {
      json.set("revision", revisions.iterator().next());
    }
    if (!revisions.isEmpty()) {
      json.set("revisions", revisions);
    }
    put(json, "comment", author.comment());
    var origin = author.origin();
    if (origin != null) {
      json.put("address", origin.address()).put("requestId", origin.requestId());
    }
    json.set("changes", changes);
    if (more > 0) {
      json.put("moreChanges", more);
    }
    return json.put("summary", summary);
  }

  private static ObjectNode actor(Actor by) {
    var json = Json.object().put("kind", by.kind().wire());
    put(json, "id", by.id() == null ? null : by.id().toString());
    return json.put("name", by.name());
  }

  private static void put(ObjectNode json, String name, @Nullable String value) {
    if (value != null) {
      json.put(name, value);
    }
  }
}
