package dev.stitchd.catalog.segment;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.FieldError;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.resource.ImportReport;
import dev.stitchd.resource.LockedEnvironment;
import dev.stitchd.resource.PortableBody;
import dev.stitchd.resource.Resource;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.revisionlog.ItemChange;
import dev.stitchd.ruleset.Items;
import dev.stitchd.ruleset.SegmentBody;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// An environment's segments, without their members, out of files and into them. Of one unit of
/// work: first everything is asked for, then it is written.
public final class PortableSegments {

  private final UnitOfWork unit;
  private final String project;
  private final String environment;
  private final TreeMap<String, SegmentRow> now = new TreeMap<>();
  private final Map<String, SegmentBody> wanted = new LinkedHashMap<>();
  private final PortableBody.Keys keys;

  private PortableSegments(
      UnitOfWork unit, String project, String environment, List<SegmentRow> rows) {
    this.unit = unit;
    this.project = project;
    this.environment = environment;
    rows.forEach(row -> now.put(row.key(), row));
    this.keys = new PortableBody.Keys(now.keySet());
  }

  /// Reads the segments that there are.
  ///
  /// @param project its key
  /// @param environment its key
  /// @param id null if it is still to be made
  public static Mono<PortableSegments> of(
      UnitOfWork unit, String project, String environment, @Nullable EnvironmentId id) {
    Mono<List<SegmentRow>> rows =
        id == null ? Mono.just(List.of()) : SegmentRows.all(unit.session(), unit.tenant(), id);
    return rows.map(found -> new PortableSegments(unit, project, environment, found));
  }

  /// All segments for a file.
  public ObjectNode exported() {
    var all = Json.object();
    now.forEach((key, segment) -> all.set(key, PortableBody.of(segment)));
    return all;
  }

  /// Asks for a segment as a file has it.
  public void want(String key, JsonNode body, ImportReport report) {
    var before = now.get(key);
    var read = report.read(path() + "." + key, () -> read(key, body, before));
    if (read != null
        && report.differs(
            "environments/" + environment + "/segments/" + key,
            before == null ? null : PortableBody.of(before),
            portable(read))) {
      wanted.put(key, read);
    }
    if (before == null && keys.size() == Segments.MAX_SEGMENTS + 1) {
      report.refused().add(path(), Segments.tooMany().detail());
    }
  }

  private SegmentBody read(String key, JsonNode body, @Nullable SegmentRow before) {
    var errors = new FieldErrors();
    var read = SegmentBody.read(PortableBody.withKey(key, body), "", errors);
    errors.throwIfAny();
    if (before == null) {
      keys.take(key);
    } else if (before.list() != null && !before.contextType().equals(read.contextType())) {
      throw new Problem.Invalid(
          List.of(new FieldError("contextType", "cannot be changed once there are members")));
    }
    return read;
  }

  private static ObjectNode portable(SegmentBody segment) {
    var body = Resource.named(segment.key(), segment.name(), segment.description());
    body.put("contextType", segment.contextType());
    var when = segment.when();
    body.set("when", when == null ? body.nullNode() : when.toJson());
    var _ = body.remove("key");
    return body;
  }

  private String path() {
    return "environments." + environment + ".segments";
  }

  /// What is to be published, each with where it stands in the file.
  public Map<ItemChange, String> changes() {
    var changes = new LinkedHashMap<ItemChange, String>();
    wanted.forEach((key, body) -> {
      var before = now.get(key);
      var item = Items.segment(body.published(before == null ? null : before.published()));
      var is = ItemChange.segment(key, item);
      if (before == null || !is.equals(before.change())) {
        changes.put(is, path() + "." + key);
      }
    });
    return changes;
  }

  /// Whether nothing is to be written.
  public boolean isEmpty() {
    return wanted.isEmpty();
  }

  /// Writes and audits it.
  public Mono<Void> write(EnvironmentId id, List<LockedEnvironment> at) {
    return Flux.fromIterable(wanted.values()).concatMap(body -> write(id, body, at)).then();
  }

  private Mono<Void> write(EnvironmentId id, SegmentBody body, List<LockedEnvironment> at) {
    var before = now.get(body.key());
    var session = unit.session();
    var tenant = unit.tenant();
    Mono<?> row =
        before == null
            ? SegmentRows.insert(session, unit.author(), id, body)
                .then(Mono.defer(() -> SegmentRows.find(session, tenant, id, body.key())))
                .flatMap(made -> SegmentListRows.make(session, tenant, id, made))
            : SegmentRows.replace(session, tenant, before.meta().id(), body);
    return row.then(Mono.defer(() -> SegmentRows.find(session, tenant, id, body.key())))
        .flatMap(made -> SegmentRows.putCondition(session, tenant, made.meta().id(), body.when()))
        .then(Mono.defer(() -> SegmentRows.find(session, tenant, id, body.key())))
        .flatMap(after ->
            unit.note(
                before == null ? "segment.create" : "segment.update",
                new SegmentPath(project, environment, body.key()).toString(),
                before == null ? null : before.body(),
                after.body(),
                at));
  }
}
