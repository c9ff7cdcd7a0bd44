package dev.stitchd.catalog.revision;

import dev.stitchd.catalog.flag.RestoredTargeting;
import dev.stitchd.catalog.revision.RevisionRows.Held;
import dev.stitchd.catalog.segment.RestoredSegments;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.LockedEnvironment;
import dev.stitchd.resource.ResourcePath;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.resource.UnitsOfWork;
import dev.stitchd.resource.Written;
import dev.stitchd.revisionlog.ItemChange;
import dev.stitchd.revisionlog.PublishedHistory;
import dev.stitchd.revisionlog.PublishedRuleset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Makes an environment decide again as it did at a revision of the past, in a new revision: what
/// flags do and conditions of segments. What flags are (names, variants, who may see them) belongs
/// to the project and stays, and so do members of lists, which have no history. What was made since
/// then stays as it is.
@Component
public final class Restore {

  /// What takes part in one.
  private record Parts(RestoredTargeting flags, RestoredSegments segments) {

    /// Asks for all of a state; what does not fit any more is noted.
    void want(List<Held> state, FieldErrors errors) {
      for (var held : state) {
        var path = held.kind() + "s." + held.key();
        if (held.kind().equals("segment")) {
          segments.want(held.key(), held.item().published(), path, errors);
        } else {
          want(held, path, errors);
        }
      }
    }

    private void want(Held flag, String path, FieldErrors errors) {
      try {
        var then = flag.item().editable();
        var type = flag.item().published().path("type").asString("");
        flags.want(flag.key(), type, then, flag.item().isWhole(), path, errors);
      } catch (IllegalArgumentException e) {
        errors.add(path, "uses what this node's version does not know: " + e.getMessage());
      }
    }

    Map<ItemChange, String> changes() {
      var changes = new LinkedHashMap<>(segments.changes(key -> "segments." + key));
      changes.putAll(flags.changes(key -> "flags." + key));
      return changes;
    }

    Mono<Void> write(String project) {
      return segments.write(project).then(Mono.defer(() -> flags.write(project)));
    }
  }

  private final UnitsOfWork units;

  Restore(UnitsOfWork units) {
    this.units = units;
  }

  /// Restores a revision that the environment has had. Emits what was changed, or fails with a
  /// [dev.stitchd.kernel.Problem], on an R2DBC event loop: with all that does not fit any more, and
  /// then nothing is changed.
  public Mono<Written> restore(Author author, String project, String environment, long revision) {
    return units.write(
        author,
        unit ->
            unit.nextRevision(project, environment)
                .flatMap(at -> restore(unit, project, at, revision)));
  }

  private static Mono<Written> restore(
      UnitOfWork unit, String project, LockedEnvironment at, long revision) {
    var session = unit.session();
    return RevisionRows.state(session, unit.tenant(), at.id(), revision)
        .delayUntil(_ -> PublishedHistory.known(session, unit.tenant(), at.id(), revision))
        .zipWhen(_ -> parts(unit, at))
        .flatMap(both -> restore(unit, project, at, both.getT1(), both.getT2()))
        .map(changes -> written(at, revision, changes))
        .delayUntil(_ -> noted(unit, project, at, revision));
  }

  /// Beside the notes of what it changes, which may be nothing.
  private static Mono<Void> noted(
      UnitOfWork unit, String project, LockedEnvironment at, long revision) {
    return unit.note(
        "environment.restore",
        ResourcePath.environment(project, at.key()),
        null,
        Json.object().put("restored", revision),
        List.of(at));
  }

  private static Mono<Parts> parts(UnitOfWork unit, LockedEnvironment at) {
    return RestoredTargeting.of(unit, at)
        .zipWhen(_ -> RestoredSegments.of(unit, at))
        .map(both -> new Parts(both.getT1(), both.getT2()));
  }

  private static Mono<Map<ItemChange, String>> restore(
      UnitOfWork unit, String project, LockedEnvironment at, List<Held> state, Parts parts) {
    var errors = new FieldErrors();
    parts.want(state, errors);
    var changes = parts.changes();
    return PublishedRuleset.check(unit.session(), at.at(unit.tenant()), changes, errors)
        .then(Mono.fromRunnable(errors::throwIfAny))
        .then(Mono.defer(() -> parts.write(project)))
        .then(Mono.defer(() -> unit.publish(at, List.copyOf(changes.keySet()))))
        .thenReturn(changes);
  }

  private static Written written(
      LockedEnvironment at, long revision, Map<ItemChange, String> changes) {
    var body = Json.object().put("revision", at.revision()).put("restored", revision);
    var items = body.putArray("items");
    changes
        .keySet()
        .forEach(change ->
            items
                .addObject()
                .put("kind", change.kind().name().toLowerCase(java.util.Locale.ROOT))
                .put("key", change.key()));
    return new Written(body, at.revision(), new TreeMap<>(Map.of(at.key(), at.revision())));
  }
}
