package dev.stitchd.catalog.segment;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.resource.LockedEnvironment;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.revisionlog.ItemChange;
import dev.stitchd.ruleset.Items;
import dev.stitchd.ruleset.SegmentBody;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// The conditions that segments of one environment had before, put back. Names and descriptions
/// stay, and members, which have no history. Of one unit of work, which holds the environment.
public final class RestoredSegments {

  private final UnitOfWork unit;
  private final LockedEnvironment at;
  private final Map<String, SegmentRow> current;
  private final Map<SegmentRow, SegmentBody> wanted = new LinkedHashMap<>();

  private RestoredSegments(UnitOfWork unit, LockedEnvironment at, List<SegmentRow> current) {
    this.unit = unit;
    this.at = at;
    this.current = current.stream().collect(Collectors.toMap(SegmentRow::key, Function.identity()));
  }

  /// Reads what segments there are.
  public static Mono<RestoredSegments> of(UnitOfWork unit, LockedEnvironment at) {
    return SegmentRows.all(unit.session(), unit.tenant(), at.id())
        .map(current -> new RestoredSegments(unit, at, current));
  }

  /// Asks for the condition that a segment had; what does not fit any more is noted.
  ///
  /// @param then the published segment
  public void want(String key, JsonNode then, String path, FieldErrors errors) {
    var now = current.get(key);
    if (now == null) {
      errors.add(path, "there is no segment '" + key + "' any more");
      return;
    }
    var body = now.body();
    body.set("contextType", then.path("contextType"));
    body.set("when", then.path("when"));
    if (body.equals(now.body())) {
      return;
    }
    var own = new FieldErrors();
    var read = SegmentBody.read(body, path, own);
    errors.addAll(own);
    if (now.list() != null && !read.contextType().equals(now.contextType())) {
      errors.add(
          path + ".contextType", "was '" + read.contextType() + "', and there are members now");
    } else if (own.isEmpty()) {
      wanted.put(now, read);
    }
  }

  /// What is to be published, each with the path of its errors.
  ///
  /// @param path from a segment's key
  public Map<ItemChange, String> changes(Function<String, String> path) {
    var changes = new LinkedHashMap<ItemChange, String>();
    wanted.forEach((now, then) ->
        changes.put(
            ItemChange.segment(now.key(), Items.segment(then.published(now.published()))),
            path.apply(now.key())));
    return changes;
  }

  /// Writes and audits it; publishing is left to whoever publishes all of it.
  ///
  /// @param project the project's key
  public Mono<Void> write(String project) {
    return Flux.concat(
            wanted.entrySet().stream().map(e -> write(project, e.getKey(), e.getValue())).toList())
        .then();
  }

  private Mono<Void> write(String project, SegmentRow before, SegmentBody then) {
    var session = unit.session();
    var path = new SegmentPath(project, at.key(), before.key()).toString();
    return SegmentRows.replace(session, unit.tenant(), before.meta().id(), then)
        .then(
            Mono.defer(() ->
                SegmentRows.putCondition(session, unit.tenant(), before.meta().id(), then.when())))
        .then(Mono.defer(() -> SegmentRows.find(session, unit.tenant(), at.id(), before.key())))
        .flatMap(
            after -> unit.note("segment.restore", path, before.body(), after.body(), List.of(at)));
  }
}
