package dev.stitchd.audit;

import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Origin;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.Grants;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// `audit_logs`: added to by every write, in its own transaction, and changed by nobody.
public final class AuditRows {

  private static final String INSERT =
      """
      INSERT INTO audit_logs (tenant_id, actor, actor_kind, actor_id, address, request_id, action, resource, project, environment,
                              revisions, comment, changes, more_changes, summary)
      VALUES ($1, $2, $3, $4::uuid, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $13::json, $14, $15)
      """;

  /// So many rows are looked through for a part of what a filter leaves, whatever it leaves.
  private static final int LOOKED_THROUGH = 10_000;

  private static final String COLUMNS =
      """
      a.id, a.at, a.actor, a.actor_kind, a.actor_id, a.address, a.request_id, a.action, a.resource, a.project, a.environment,
      a.revisions::text AS revisions, a.comment, a.before::text AS before, a.after::text AS after, a.changes::text AS changes,
      coalesce(a.more_changes, 0)::bigint AS more_changes, a.summary
      """;

  private static final String TOKEN = "token:";
  private static final String ORDER = " ORDER BY at DESC, id DESC";

  private AuditRows() {}

  /// Adds a row, in the transaction that the write is in.
  public static Mono<Void> add(
      Session session, TenantId tenant, AuditNote.Author author, AuditNote note) {
    var by = author.by();
    var origin = author.origin();
    var changes = Changes.between(note.before(), note.after());
    var revisions = Json.object();
    new TreeMap<>(note.revisions()).forEach(revisions::put);
    return session
        .run(
            INSERT,
            tenant.value(),
            by.label(),
            by.kind().wire(),
            by.id() == null ? null : by.id().toString(),
            origin == null ? null : origin.address(),
            origin == null ? null : origin.requestId(),
            note.action(),
            note.resource(),
            note.place().project(),
            note.place().environment(),
            Json.write(revisions),
            author.comment(),
            Json.write(changes.list()),
            changes.more(),
            Summary.of(note, by))
        .then();
  }

  /// The entries behind a place that a filter leaves, at most `limit`, and where to go on.
  static Mono<AuditLog.Part> part(
      Session session,
      TenantId tenant,
      Grants grants,
      AuditFilter filter,
      AuditEntry.Place after,
      int limit) {
    var statement = new Statement(tenant, grants, filter, after);
    return session
        .all(statement.found(limit + 1), AuditRows::entry, statement.values())
        .flatMap(found ->
            found.size() > limit
                ? Mono.just(
                    new AuditLog.Part(found.subList(0, limit), found.get(limit - 1).place()))
                : end(session, statement)
                    .map(end -> new AuditLog.Part(found, end))
                    .defaultIfEmpty(new AuditLog.Part(found, null)));
  }

  /// Where the rows that were looked through end; empty if they were all.
  private static Mono<AuditEntry.Place> end(Session session, Statement statement) {
    return statement.others.isEmpty()
        ? Mono.empty()
        : session.one(statement.end(), AuditRows::place, statement.valuesOfRange());
  }

  /// Rows go by the index of one filter, and the other filters choose among the first so many.
  private static final class Statement {
    private final List<Object> values = new ArrayList<>();
    private final String range;

    /// Rows that any of these holds for are meant; one that holds for all if nothing is asked.
    private final List<String> ways;

    private final List<String> others = new ArrayList<>();
    private boolean indexed;
    private int ofRange;

    Statement(TenantId tenant, Grants grants, AuditFilter filter, AuditEntry.Place after) {
      var range = new ArrayList<String>();
      range.add("tenant_id = " + value(tenant.value()));
      range.add("(at, id) < (%s, %s)".formatted(time(after.at()), value(after.id())));
      if (filter.from() != null) {
        range.add("at >= " + time(filter.from()));
      }
      if (filter.to() != null) {
        range.add("at < " + time(filter.to()));
      }
      ofRange = values.size();
      this.ways = filter.actor() == null ? List.of("true") : actor(filter.actor());
      indexed = filter.actor() != null;
      ofRange = values.size();
      add(equal("project", filter.project()), range);
      if (filter.resource() != null && filter.project() == null) {
        add(equal("project", AuditNote.Place.of(filter.resource()).project()), range);
      }
      add(equal("environment", filter.environment()), range);
      add(equal("action", filter.action()), range);
      if (filter.resource() != null) {
        var path = value(filter.resource());
        others.add("(resource = %s OR starts_with(resource, %s || '/'))".formatted(path, path));
      }
      if (!grants.administers()) {
        others.add(seen(grants));
      }
      this.range = String.join(" AND ", range);
    }

    private String seen(Grants grants) {
      var projects = grants.wholeProjectsSeen();
      var environments =
          grants.all().stream()
              .filter(grant -> grant.environment() != null)
              .map(grant -> grant.project() + "/" + grant.environment())
              .toArray(String[]::new);
      return "(project = ANY (%s) OR project || '/' || environment = ANY (%s))"
          .formatted(
              value(projects == null ? new String[0] : projects.toArray(String[]::new)),
              value(environments));
    }

    /// The first filter that has an index is the one by which rows are found.
    private void add(@Nullable String condition, List<String> range) {
      if (condition != null) {
        (indexed ? others : range).add(condition);
        ofRange = indexed ? ofRange : values.size();
        indexed = true;
      }
    }

    private @Nullable String equal(String column, @Nullable String wanted) {
      return wanted == null ? null : column + " = " + value(wanted);
    }

    /// Two ways, since a token's name has another text before it than a person's, and each goes by
    /// the index in order.
    private List<String> actor(String wanted) {
      try {
        return List.of("actor_id = " + value(UUID.fromString(wanted)));
      } catch (IllegalArgumentException _) {
        return List.of("actor = " + value(wanted), "actor = " + value(TOKEN + wanted));
      }
    }

    private String rows(String columns, int most) {
      return ways.stream()
          .map(way ->
              "(SELECT %s FROM audit_logs WHERE %s AND %s%s LIMIT %d)"
                  .formatted(columns, range, way, ORDER, most))
          .collect(
              Collectors.joining(
                  " UNION ALL ",
                  "(SELECT %s FROM (".formatted(columns),
                  ") a%s LIMIT %d) a".formatted(ORDER, most)));
    }

    String found(int most) {
      return others.isEmpty()
          ? "SELECT %s FROM %s%s".formatted(COLUMNS, rows("*", most), ORDER)
          : "SELECT %s FROM %s WHERE %s%s LIMIT %d"
              .formatted(
                  COLUMNS, rows("*", LOOKED_THROUGH), String.join(" AND ", others), ORDER, most);
    }

    String end() {
      return "SELECT id, at FROM %s%s OFFSET %d LIMIT 1"
          .formatted(rows("id, at", LOOKED_THROUGH), ORDER, LOOKED_THROUGH - 1);
    }

    Object[] values() {
      return values.toArray();
    }

    /// Those that [#end] takes: the first ones.
    Object[] valuesOfRange() {
      return values.subList(0, ofRange).toArray();
    }

    private String time(Instant time) {
      return value(time.atOffset(ZoneOffset.UTC));
    }

    private String value(Object value) {
      values.add(value);
      return "$" + values.size();
    }
  }

  private static AuditEntry.Place place(Readable row) {
    return new AuditEntry.Place(Columns.instant(row, "at"), Columns.number(row, "id"));
  }

  private static AuditEntry entry(Readable row) {
    var action = Columns.text(row, "action");
    var resource = Columns.text(row, "resource");
    var by = actor(row);
    var address = row.get("address", String.class);
    var request = row.get("request_id", String.class);
    var summary = row.get("summary", String.class);
    var changes = json(row, "changes");
    var earlier = changes == null ? Changes.between(json(row, "before"), json(row, "after")) : null;
    return new AuditEntry(
        place(row),
        new AuditNote.Author(
            by,
            row.get("comment", String.class),
            address == null || request == null ? null : new Origin(address, request)),
        action,
        resource,
        new AuditNote.Place(row.get("project", String.class), row.get("environment", String.class)),
        Columns.json(row, "revisions"),
        earlier == null ? Objects.requireNonNull(changes) : earlier.list(),
        earlier == null ? (int) Columns.number(row, "more_changes") : earlier.more(),
        summary == null ? action + " " + resource + ", by " + by.name() : summary);
  }

  /// In rows of before, whoever was no token was the server itself.
  private static Actor actor(Readable row) {
    var label = Columns.text(row, "actor");
    var kind = row.get("actor_kind", String.class);
    var token = label.startsWith(TOKEN);
    var name = token ? label.substring(TOKEN.length()) : label;
    if (kind != null) {
      return new Actor(Actor.Kind.of(kind), row.get("actor_id", UUID.class), name);
    }
    return token || label.equals(Actor.BOOTSTRAP_TOKEN.name())
        ? new Actor(Actor.Kind.TOKEN, null, name)
        : Actor.system(name);
  }

  private static @Nullable JsonNode json(Readable row, String column) {
    var text = row.get(column, String.class);
    return text == null ? null : Json.parseOwn(text);
  }
}
