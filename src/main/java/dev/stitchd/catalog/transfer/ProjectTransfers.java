package dev.stitchd.catalog.transfer;

import dev.stitchd.catalog.flag.FlagTargeting;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.ImportReport;
import dev.stitchd.resource.LockedEnvironment;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.resource.UnitsOfWork;
import dev.stitchd.resource.Written;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A whole project as a file: flags, and per environment its settings, targeting, segments without
/// members and event definitions; without what belongs to one installation. Each publisher emits
/// one value or fails with a [dev.stitchd.kernel.Problem], on an R2DBC event loop.
@Component
public final class ProjectTransfers {

  private static final Set<String> NONE = Set.of();

  private final UnitsOfWork units;
  private final FlagTargeting targeting;

  ProjectTransfers(UnitsOfWork units, FlagTargeting targeting) {
    this.units = units;
    this.targeting = targeting;
  }

  /// The project as it is at one moment, for which it is held.
  public Mono<ObjectNode> exported(Author reader, String project) {
    return units.write(
        reader,
        unit ->
            ProjectParts.of(unit, project, targeting::newSalt)
                .doOnNext(_ -> unit.leavesNoNote(UnitOfWork.Unaudited.NOTHING_CHANGED))
                .map(ProjectParts::exported));
  }

  /// Makes a project be as a file has it; what is not in the file is left alone. One transaction,
  /// and at most one revision of each environment. Emits what was done, or would be in a dry run;
  /// fails with everything that is refused, unless that is a dry run.
  public Mono<Written> imported(Author author, String project, JsonNode file, boolean dryRun) {
    return units.write(
        author,
        unit ->
            ProjectParts.of(unit, project, targeting::newSalt)
                .flatMap(parts -> imported(parts, file, dryRun)));
  }

  private static Mono<Written> imported(ProjectParts parts, JsonNode file, boolean dryRun) {
    var report = new ImportReport();
    return want(parts, file, report)
        .then(Mono.defer(() -> parts.check(report.refused())))
        .then(
            Mono.defer(
                () -> dryRun ? Mono.just(List.<LockedEnvironment>of()) : done(parts, report)))
        .doOnNext(_ -> {
          if (dryRun || report.isEmpty()) {
            parts.unit().leavesNoNote(UnitOfWork.Unaudited.NOTHING_CHANGED);
          }
        })
        .map(published -> written(report, published));
  }

  private static Mono<List<LockedEnvironment>> done(ProjectParts parts, ImportReport report) {
    return parts
        .checkAuthor()
        .then(Mono.fromRunnable(() -> report.refused().throwIfAny()))
        .then(Mono.defer(parts::write));
  }

  private static Written written(ImportReport report, List<LockedEnvironment> published) {
    var revisions = new TreeMap<String, Long>();
    published.forEach(at -> revisions.put(at.key(), at.revision()));
    return new Written(report.json(), 0, revisions);
  }

  private static Mono<Void> want(ProjectParts parts, JsonNode file, ImportReport report) {
    var fields = JsonFields.of(file, "", report.refused());
    checkVersion(fields);
    var flags = each(fields, "flags", report.refused());
    var environments = each(fields, "environments", report.refused());
    fields.refuseOthers(NONE);
    flags.forEach((key, body) -> parts.flags().want(key, body, report));
    return Flux.fromIterable(environments.entrySet())
        .concatMap(each -> environment(parts, each.getKey(), each.getValue(), report))
        .then();
  }

  private static void checkVersion(JsonFields fields) {
    var version = fields.requiredValue(ProjectParts.FORMAT);
    if (version != null && !(version.isInt() && version.intValue() == ProjectParts.VERSION)) {
      fields.error(
          ProjectParts.FORMAT,
          "must be " + ProjectParts.VERSION + ", the version of the format that this server reads");
    }
  }

  private static Mono<Void> environment(
      ProjectParts parts, String key, JsonNode body, ImportReport report) {
    var at = "environments." + key;
    if (!(body instanceof ObjectNode object)) {
      report.refused().addMalformed(at, "must be an object");
      return Mono.empty();
    }
    var own = object.deepCopy();
    var _ = own.remove(List.of("flags", "segments", "eventDefinitions"));
    parts.environments().want(key, own, report);
    var fields = JsonFields.of(body, at, report.refused());
    var flags = each(fields, "flags", report.refused());
    var segments = each(fields, "segments", report.refused());
    var definitions = each(fields, "eventDefinitions", report.refused());
    return parts
        .enter(List.of(key))
        .then(
            Mono.fromRunnable(() -> {
              flags.forEach((flag, what) -> parts.flags().want(key, flag, what, report));
              segments.forEach(
                  (segment, what) -> parts.segmentsOf(key).want(segment, what, report));
              definitions.forEach(
                  (event, what) -> parts.definitionsOf(key).want(event, what, report));
            }));
  }

  private static Map<String, JsonNode> each(JsonFields fields, String name, FieldErrors errors) {
    var found = new TreeMap<String, JsonNode>();
    var value = fields.value(name);
    if (value instanceof ObjectNode object) {
      object.properties().forEach(each -> found.put(each.getKey(), each.getValue()));
    } else if (value != null) {
      errors.addMalformed(fields.at(name), "must be an object");
    }
    return found;
  }
}
