package dev.stitchd.catalog.segment;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.FieldError;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.Edit;
import dev.stitchd.resource.LockedEnvironment;
import dev.stitchd.resource.LookupRows;
import dev.stitchd.resource.Lookups;
import dev.stitchd.resource.ResourcePath;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.resource.UnitsOfWork;
import dev.stitchd.resource.Written;
import dev.stitchd.revisionlog.ItemChange;
import dev.stitchd.revisionlog.PublishedRuleset;
import dev.stitchd.ruleset.Condition;
import dev.stitchd.ruleset.ItemName;
import dev.stitchd.ruleset.SegmentBody;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Segments of an environment: named conditions that rules can use. Each publisher emits one value
/// or fails with a [Problem], on an R2DBC event loop.
@Component
public final class Segments {

  /// Most segments in an environment.
  static final int MAX_SEGMENTS = 5_000;

  private final Lookups lookups;
  private final UnitsOfWork units;

  Segments(Lookups lookups, UnitsOfWork units) {
    this.lookups = lookups;
    this.units = units;
  }

  /// An environment's segments with keys after `after`, in order, one more than `limit`.
  public Mono<List<StoredResource>> list(
      TenantId tenant, String project, String environment, String after, int limit) {
    return lookups
        .inEnvironment(
            tenant,
            project,
            environment,
            (session, id) -> SegmentRows.page(session, tenant, id.value(), after, limit))
        .map(rows -> rows.stream().map(SegmentRow::stored).toList());
  }

  /// One segment.
  public Mono<StoredResource> get(TenantId tenant, String project, String environment, String key) {
    return lookups
        .inEnvironment(
            tenant,
            project,
            environment,
            (session, id) -> SegmentRows.find(session, tenant, id, key))
        .map(SegmentRow::stored);
  }

  /// Creates a segment.
  public Mono<Written> create(Author author, String project, String environment, JsonNode body) {
    var wanted = read(body);
    return units.create(
        author,
        ResourcePath.environment(project, environment) + "/segments",
        body,
        (unit, key) ->
            LookupRows.environment(unit.session(), unit.tenant(), project, environment)
                .flatMap(id ->
                    SegmentRows.find(unit.session(), unit.tenant(), new EnvironmentId(id), key)),
        unit -> create(unit, project, environment, wanted));
  }

  /// The same as a part of a unit of work.
  public static Mono<Written> create(
      UnitOfWork unit, String project, String environment, JsonNode body) {
    return Mono.defer(() -> create(unit, project, environment, read(body)));
  }

  /// Changes a segment; whoever uses it sees the change in the same revision.
  public Mono<Written> update(
      Author author, String project, String environment, String key, Edit edit) {
    return units.write(author, unit -> update(unit, project, environment, key, edit));
  }

  /// The same as a part of a unit of work.
  public static Mono<Written> update(
      UnitOfWork unit, String project, String environment, String key, Edit edit) {
    return unit.nextRevision(project, environment)
        .flatMap(
            at -> find(unit, at, key).flatMap(before -> update(unit, project, at, before, edit)));
  }

  /// Deletes a segment that nothing uses.
  public Mono<Written> delete(
      Author author, String project, String environment, String key, long expected) {
    return units.write(author, unit -> delete(unit, project, environment, key, expected));
  }

  /// The same as a part of a unit of work.
  public static Mono<Written> delete(
      UnitOfWork unit, String project, String environment, String key, long expected) {
    return unit.nextRevision(project, environment)
        .flatMap(
            at -> find(unit, at, key).flatMap(row -> delete(unit, project, at, row, expected)));
  }

  private static Mono<Written> create(
      UnitOfWork unit, String project, String environment, SegmentBody wanted) {
    return unit.nextRevision(project, environment).flatMap(at -> create(unit, project, at, wanted));
  }

  private static Mono<Written> create(
      UnitOfWork unit, String project, LockedEnvironment at, SegmentBody wanted) {
    return SegmentRows.count(unit.session(), unit.tenant(), at.id())
        .filter(count -> count < MAX_SEGMENTS)
        .switchIfEmpty(Mono.error(Segments::tooMany))
        .then(Mono.defer(() -> SegmentRows.insert(unit.session(), unit.author(), at.id(), wanted)))
        .then(find(unit, at, wanted.key()))
        .delayUntil(made -> SegmentListRows.make(unit.session(), unit.tenant(), at.id(), made))
        .delayUntil(made -> putCondition(unit, made, wanted.when()))
        .then(find(unit, at, wanted.key()))
        .flatMap(made -> published(unit, "segment.create", project, at, null, made));
  }

  private static Mono<Written> update(
      UnitOfWork unit, String project, LockedEnvironment at, SegmentRow before, Edit edit) {
    var wanted = read(withKey(edit.body().apply(before.body()), before.key()));
    if (!wanted.key().equals(before.key())) {
      return Mono.error(invalid("key", "cannot be changed; it is '" + before.key() + "'"));
    }
    if (before.list() != null && !wanted.contextType().equals(before.contextType())) {
      return Mono.error(
          invalid(
              "contextType",
              "cannot be changed once there are members; they are of type '"
                  + before.contextType()
                  + "'"));
    }
    edit.check("segment '" + before.key() + "'", before.version());
    return SegmentRows.replace(unit.session(), unit.tenant(), before.meta().id(), wanted)
        .then(putCondition(unit, before, wanted.when()))
        .then(find(unit, at, before.key()))
        .flatMap(after -> published(unit, "segment.update", project, at, before, after));
  }

  private static Mono<Written> delete(
      UnitOfWork unit, String project, LockedEnvironment at, SegmentRow row, long expected) {
    Edit.deletion(expected).check("segment '" + row.key() + "'", row.version());
    return PublishedRuleset.checkUnused(
            unit.session(), at.at(unit.tenant()), at.key(), ItemName.segment(row.key()))
        .then(Mono.defer(() -> SegmentRows.delete(unit.session(), unit.tenant(), row.meta().id())))
        .then(unit.publish(at, List.of(ItemChange.segment(row.key(), null))))
        .then(
            Mono.defer(
                () -> unit.deleted("segment.delete", path(project, at, row), row, List.of(at))));
  }

  private static Mono<Written> published(
      UnitOfWork unit,
      String action,
      String project,
      LockedEnvironment at,
      @Nullable SegmentRow before,
      SegmentRow after) {
    return PublishedRuleset.check(unit.session(), at.at(unit.tenant()), after.change(), "")
        .then(unit.publish(at, List.of(after.change())))
        .then(
            Mono.defer(
                () -> unit.wrote(action, path(project, at, after), before, after, List.of(at))));
  }

  private static Mono<SegmentRow> find(UnitOfWork unit, LockedEnvironment at, String key) {
    return Mono.defer(() -> SegmentRows.find(unit.session(), unit.tenant(), at.id(), key));
  }

  private static Mono<Long> putCondition(
      UnitOfWork unit, SegmentRow segment, @Nullable Condition when) {
    return Mono.defer(
        () -> SegmentRows.putCondition(unit.session(), unit.tenant(), segment.meta().id(), when));
  }

  private static SegmentBody read(JsonNode body) {
    var errors = new FieldErrors();
    var wanted = SegmentBody.read(body, "", errors);
    errors.throwIfAny();
    return wanted;
  }

  /// A replacement may leave the key out: the path has it.
  private static JsonNode withKey(JsonNode body, String key) {
    return body instanceof ObjectNode object && !object.has("key")
        ? object.deepCopy().put("key", key)
        : body;
  }

  private static String path(String project, LockedEnvironment at, SegmentRow segment) {
    return ResourcePath.environment(project, at.key()) + "/segments/" + segment.key();
  }

  private static Problem invalid(String field, String message) {
    return new Problem.Invalid(List.of(new FieldError(field, message)));
  }

  static Problem tooMany() {
    return new Problem.Conflict(
        "too-many-segments", "an environment holds at most " + MAX_SEGMENTS + " segments");
  }
}
