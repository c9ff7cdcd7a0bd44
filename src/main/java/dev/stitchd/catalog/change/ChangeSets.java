package dev.stitchd.catalog.change;

import dev.stitchd.catalog.flag.FlagTargeting;
import dev.stitchd.catalog.flag.FlagTargeting.Changed;
import dev.stitchd.catalog.flag.Flags;
import dev.stitchd.catalog.segment.Segments;
import dev.stitchd.kernel.FieldError;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.kernel.Problem;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.Edit;
import dev.stitchd.resource.ResourcePath;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.resource.UnitsOfWork;
import dev.stitchd.resource.Written;
import dev.stitchd.ruleset.RulesetCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Several writes in one transaction, each as if it were made alone after those before it, and one
/// revision of each environment that they publish to.
@Component
public final class ChangeSets {

  private static final int CREATED = 201;
  private static final int OK = 200;
  private static final int GONE = 204;

  /// What became of a change.
  private record Done(ObjectNode answer, SortedMap<String, Long> revisions) {}

  private final UnitsOfWork units;
  private final FlagTargeting targeting;
  private final ChangeSettings settings;

  ChangeSets(UnitsOfWork units, FlagTargeting targeting, ChangeSettings settings) {
    this.units = units;
    this.targeting = targeting;
    this.settings = settings;
  }

  /// Makes all changes or none. Emits what became of each, in order, or fails with a [Problem], on
  /// an R2DBC event loop: with everything that is wrong, each with the change that it is of.
  public Mono<Written> apply(Author author, String project, String environment, JsonNode body) {
    var problems = new ChangeProblems();
    var changes = read(body, environment, problems);
    if (changes.stream().noneMatch(Slot::isRead)) {
      return Mono.fromRunnable(problems::throwIfAny);
    }
    return units.write(
        author,
        unit ->
            unit.once(
                ResourcePath.environment(project, environment) + "/changes",
                body,
                () -> apply(unit, project, environment, changes, problems)));
  }

  /// A change and where it stands.
  private record Slot(String at, List<Change> read) {

    boolean isRead() {
      return !read.isEmpty();
    }

    Change change() {
      return read.getFirst();
    }
  }

  private List<Slot> read(JsonNode body, String environment, ChangeProblems problems) {
    var errors = problems.ofSet();
    var fields = JsonFields.of(body, "", errors);
    var list = fields.list("changes", settings.max());
    if (fields.isObject() && list.isEmpty() && errors.isEmpty()) {
      fields.error("changes", "must name at least one change");
    }
    fields.refuseOthers(Set.of());
    var slots = new ArrayList<Slot>();
    for (var node : list) {
      var at = "changes[" + slots.size() + "]";
      var change = Change.read(node, at, environment, errors);
      slots.add(new Slot(at, change == null ? List.of() : List.of(change)));
    }
    return slots;
  }

  /// The widest lock first, and outside of the attempts, which give back what they lock when they
  /// fail.
  private Mono<Written> apply(
      UnitOfWork unit,
      String project,
      String environment,
      List<Slot> changes,
      ChangeProblems problems) {
    var wide =
        changes.stream().anyMatch(slot -> slot.isRead() && slot.change().target().isOfProject());
    Mono<?> locked =
        wide
            ? unit.projectExclusive(project).flatMap(unit::nextRevisions)
            : unit.nextRevision(project, environment);
    return locked
        .thenMany(Flux.fromIterable(changes))
        .filter(Slot::isRead)
        .concatMap(slot -> attempt(unit, project, environment, slot, problems))
        .collectList()
        .doOnNext(_ -> problems.throwIfAny())
        .map(ChangeSets::answer);
  }

  private Mono<Done> attempt(
      UnitOfWork unit, String project, String environment, Slot slot, ChangeProblems problems) {
    return unit.attempt(() -> one(unit, project, environment, slot.change()))
        .onErrorResume(
            Problem.class,
            problem ->
                ChangeProblems.isOfOne(problem)
                    ? Mono.fromRunnable(() -> problems.add(slot.at(), problem))
                    : Mono.error(problem));
  }

  private Mono<Done> one(UnitOfWork unit, String project, String environment, Change change) {
    var key = change.key();
    return switch (change.target()) {
      case FLAG ->
          key == null
              ? Flags.create(unit, project, change.body()).map(made -> made(change, made))
              : change.method() == Change.Method.DELETE
                  ? Flags.delete(unit, project, key, version(change))
                      .map(gone -> gone(change, gone))
                  : Flags.update(unit, project, key, edit(change)).map(now -> edited(change, now));
      case TARGETING ->
          targeting
              .update(unit, project, String.valueOf(key), environment, edit(change))
              .map(changed -> retargeted(change, changed));
      case SEGMENT ->
          key == null
              ? Segments.create(unit, project, environment, change.body())
                  .map(made -> made(change, made))
              : change.method() == Change.Method.DELETE
                  ? Segments.delete(unit, project, environment, key, version(change))
                      .map(gone -> gone(change, gone))
                  : Segments.update(unit, project, environment, key, edit(change))
                      .map(now -> edited(change, now));
    };
  }

  private static long version(Change deletion) {
    if (deletion.expected() == null) {
      throw new Problem.VersionRequired();
    }
    return deletion.expected();
  }

  private static Edit edit(Change change) {
    return change.method() == Change.Method.PUT
        ? Edit.replace(change.expected(), change.body())
        : Edit.patch(change.expected() == null ? -1 : change.expected(), change.body());
  }

  private static Done made(Change change, Written written) {
    return done(change, CREATED, written, List.of());
  }

  private static Done edited(Change change, Written written) {
    return done(change, OK, written, edit(change).warnings());
  }

  private static Done gone(Change change, Written written) {
    return new Done(head(change, GONE), written.revisions());
  }

  private static Done retargeted(Change change, Changed changed) {
    var done = edited(change, changed.written());
    if (!changed.moved().isEmpty()) {
      var moved = done.answer().putObject("moved");
      new TreeMap<>(changed.moved()).forEach(moved::put);
    }
    return done;
  }

  private static Done done(Change change, int status, Written written, List<FieldError> ofEdit) {
    var answer = head(change, status).put("version", written.version());
    answer.set("body", written.resource());
    var warnings = new ArrayList<>(ofEdit);
    warnings.addAll(RulesetCheck.warnings(written.resource()));
    if (!warnings.isEmpty()) {
      var list = answer.putArray("warnings");
      warnings.forEach(w -> list.addObject().put("path", w.path()).put("message", w.message()));
    }
    return new Done(answer, written.revisions());
  }

  private static ObjectNode head(Change change, int status) {
    return Json.object()
        .put("method", change.method().name())
        .put("path", change.path())
        .put("status", status);
  }

  private static Written answer(List<Done> all) {
    var body = Json.object();
    var list = body.putArray("changes");
    var revisions = new TreeMap<String, Long>();
    for (var done : all) {
      list.add(done.answer());
      for (Map.Entry<String, Long> at : done.revisions().entrySet()) {
        revisions.put(at.getKey(), at.getValue());
      }
    }
    return new Written(body, 0, revisions);
  }
}
