package dev.stitchd.catalog.revision;

import dev.stitchd.catalog.revision.RevisionRows.Changed;
import dev.stitchd.catalog.revision.RevisionRows.Held;
import dev.stitchd.catalog.revision.RevisionRows.Listed;
import dev.stitchd.catalog.revision.RevisionRows.Made;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.FieldChange;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Session;
import dev.stitchd.resource.Lookups;
import dev.stitchd.resource.Versioned;
import dev.stitchd.revisionlog.PublishedHistory;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What was published in an environment, revision by revision, for people. Each publisher emits one
/// value or fails with a [dev.stitchd.kernel.Problem], on an R2DBC event loop.
@Component
public final class Revisions {

  /// Of how many items a list of revisions says what became of each; a revision can change all.
  private static final int NAMED = 100;

  private final Lookups lookups;

  Revisions(Lookups lookups) {
    this.lookups = lookups;
  }

  /// Revisions below `before`, the newest first, one more than `limit`: as far as the log reaches.
  public Mono<List<ObjectNode>> list(
      TenantId tenant, String project, String environment, long before, int limit) {
    return lookups
        .inEnvironment(
            tenant,
            project,
            environment,
            (session, id) -> RevisionRows.page(session, tenant, id, before, limit, NAMED))
        .map(page -> page.stream().map(Revisions::listed).toList());
  }

  /// What one revision changed, field by field, and what was published then.
  public Mono<ObjectNode> get(TenantId tenant, String project, String environment, long revision) {
    return known(
        tenant,
        project,
        environment,
        revision,
        (session, id) ->
            RevisionRows.changed(session, tenant, id, revision)
                .zipWhen(
                    _ -> RevisionRows.state(session, tenant, id, revision),
                    (changed, state) -> answer(revision, changed, state)));
  }

  /// How two revisions differ, whichever is the later.
  public Mono<ObjectNode> difference(
      TenantId tenant, String project, String environment, long from, long to) {
    return known(
        tenant,
        project,
        environment,
        Math.min(from, to),
        (session, id) ->
            RevisionRows.difference(session, tenant, id, from, to)
                .map(items -> differing(from, to, items)));
  }

  private <T> Mono<T> known(
      TenantId tenant,
      String project,
      String environment,
      long oldest,
      BiFunction<Session, EnvironmentId, Mono<T>> read) {
    return lookups.inEnvironment(
        tenant,
        project,
        environment,
        (session, id) ->
            read.apply(session, id)
                .delayUntil(_ -> PublishedHistory.known(session, tenant, id, oldest)));
  }

  private static ObjectNode listed(Listed revision) {
    var json =
        Json.object()
            .put("revision", revision.revision())
            .put("at", Versioned.timestamp(revision.at()))
            .put("actor", revision.actor())
            .put("comment", revision.comment());
    var items = json.put("itemCount", revision.items()).putArray("items");
    for (var item : revision.changed()) {
      var change = change(item.get(2).booleanValue(), item.get(3).booleanValue());
      if (change != null) {
        items
            .addObject()
            .put("kind", item.get(0).stringValue())
            .put("key", item.get(1).stringValue())
            .put("change", change);
      }
    }
    return json;
  }

  /// One that published nothing has left no row.
  private static ObjectNode answer(long revision, List<Made> changed, List<Held> state) {
    var json = Json.object().put("revision", revision);
    if (changed.isEmpty()) {
      json.putNull("at").putNull("actor").putNull("comment");
    } else {
      var made = changed.getFirst();
      json.put("at", Versioned.timestamp(made.at()))
          .put("actor", made.actor())
          .put("comment", made.comment());
    }
    var items = json.putArray("items");
    changed.forEach(one -> add(items, one.changed()));
    var published = json.putObject("state");
    published.putObject("flags");
    published.putObject("segments");
    for (var item : state) {
      published.withObject("/" + item.kind() + "s").set(item.key(), item.item().shown());
    }
    return json;
  }

  private static ObjectNode differing(long from, long to, List<Changed> told) {
    var json = Json.object().put("from", from).put("to", to);
    var items = json.putArray("items");
    told.forEach(item -> add(items, item));
    return json;
  }

  /// What is the same again, or was not published at either, is left out. Where the log does not
  /// reach back to what was before, no fields are told.
  private static void add(ArrayNode items, Changed item) {
    var before = item.before() == null ? null : item.before().shown();
    var after = item.after() == null ? null : item.after().shown();
    var fields = FieldChange.between(before, after);
    var change = change(before != null || !item.known(), after != null);
    if (change == null || item.known() && fields.isEmpty()) {
      return;
    }
    var json = items.addObject().put("kind", item.kind()).put("key", item.key());
    json.put("change", change);
    if (item.known()) {
      var list = json.putArray("changes");
      fields.forEach(field -> list.add(field.json()));
    }
  }

  private static @Nullable String change(boolean was, boolean is) {
    if (was) {
      return is ? "changed" : "removed";
    }
    return is ? "created" : null;
  }
}
