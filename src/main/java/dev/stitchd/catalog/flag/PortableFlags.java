package dev.stitchd.catalog.flag;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.resource.ImportReport;
import dev.stitchd.resource.LockedEnvironment;
import dev.stitchd.resource.PortableBody;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.revisionlog.ItemChange;
import dev.stitchd.ruleset.Targeting;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A project's flags, and what they do in each environment, out of files and into them. Of one unit
/// of work, which holds the project for itself: first everything is asked for, then it is written.
public final class PortableFlags {

  /// What flags do in one environment.
  private static final class Place {
    private final Map<UUID, TargetingRow> now;
    private final Map<String, Targeting> wanted = new LinkedHashMap<>();

    private Place(Map<UUID, TargetingRow> now) {
      this.now = now;
    }
  }

  private final UnitOfWork unit;
  private final String project;
  private final UUID projectId;
  private final Supplier<String> newSalt;
  private final TreeMap<String, FlagRow> now = new TreeMap<>();
  private final Map<String, FlagBody> wanted = new LinkedHashMap<>();
  private final Map<String, Place> places = new HashMap<>();
  private final PortableBody.Keys keys;

  private PortableFlags(
      UnitOfWork unit,
      String project,
      UUID projectId,
      Supplier<String> newSalt,
      List<FlagRow> flags) {
    this.unit = unit;
    this.project = project;
    this.projectId = projectId;
    this.newSalt = newSalt;
    flags.forEach(flag -> now.put(flag.key(), flag));
    this.keys = new PortableBody.Keys(now.keySet());
  }

  /// Reads the flags that there are.
  ///
  /// @param project its key
  /// @param newSalt a random salt for each rollout of a file that has none
  public static Mono<PortableFlags> of(
      UnitOfWork unit, String project, UUID projectId, Supplier<String> newSalt) {
    return FlagRows.all(unit.session(), unit.tenant(), projectId)
        .map(flags -> new PortableFlags(unit, project, projectId, newSalt, flags));
  }

  /// Reads what flags do in an environment.
  ///
  /// @param environment its key
  /// @param id null if it is still to be made
  public Mono<Void> enter(String environment, @Nullable EnvironmentId id) {
    Mono<Map<UUID, TargetingRow>> rows =
        id == null ? Mono.just(Map.of()) : TargetingRows.all(unit.session(), unit.tenant(), id);
    return rows.doOnNext(found -> places.put(environment, new Place(found))).then();
  }

  /// All flags for a file.
  public ObjectNode exported() {
    var all = Json.object();
    now.forEach((key, flag) -> all.set(key, PortableBody.of(flag)));
    return all;
  }

  /// What all flags do in an environment, for a file.
  public ObjectNode exported(String environment) {
    var all = Json.object();
    var place = place(environment);
    now.forEach((key, flag) -> {
      var row = place.now.get(flag.id());
      if (row != null) {
        all.set(key, portable(row.targeting()));
      }
    });
    return all;
  }

  /// Asks for a flag as a file has it.
  public void want(String key, JsonNode body, ImportReport report) {
    var before = now.get(key);
    var read =
        report.read(
            "flags." + key,
            () -> {
              var wants = FlagBody.read(PortableBody.withKey(key, body), before);
              if (before == null) {
                keys.take(key);
              }
              return wants;
            });
    if (read != null
        && report.differs(
            "flags/" + key, before == null ? null : PortableBody.of(before), read.portable())) {
      wanted.put(key, read);
    }
    if (keys.size() == Flags.MAX_FLAGS + 1 && before == null) {
      report.refused().add("flags", Flags.tooMany().detail());
    }
  }

  /// Asks for what a flag does in an environment as a file has it.
  public void want(String environment, String key, JsonNode body, ImportReport report) {
    var at = "environments." + environment + ".flags." + key;
    var shape = wanted.containsKey(key) ? wanted.get(key).shape() : shape(key);
    if (shape == null) {
      report.refused().add(at, "there is no flag '" + key + "', in the file or in the project");
      return;
    }
    var before = before(environment, key);
    var read =
        report.read(
            at,
            () -> {
              var errors = new FieldErrors();
              var wants =
                  Targeting.readWithLayouts(body, "", shape, before, newSalt, errors).targeting();
              errors.throwIfAny();
              return wants;
            });
    if (read != null
        && report.differs(
            "flags/" + key + "/environments/" + environment,
            before == null ? null : portable(before),
            portable(read))) {
      place(environment).wanted.put(key, read);
    }
  }

  private static ObjectNode portable(Targeting targeting) {
    return targeting.withoutHistory().toJson();
  }

  private dev.stitchd.ruleset.@Nullable FlagShape shape(String key) {
    var flag = now.get(key);
    return flag == null ? null : flag.shape();
  }

  private @Nullable Targeting before(String environment, String key) {
    var flag = now.get(key);
    var row = flag == null ? null : place(environment).now.get(flag.id());
    return row == null ? null : row.targeting();
  }

  private Place place(String environment) {
    return places.computeIfAbsent(environment, _ -> new Place(Map.of()));
  }

  /// What is to be published in an environment, each with where it stands in the file.
  public Map<ItemChange, String> changes(String environment) {
    var changes = new LinkedHashMap<ItemChange, String>();
    var all = new TreeMap<String, @Nullable FlagRow>(now);
    wanted.keySet().forEach(key -> all.putIfAbsent(key, null));
    all.forEach((key, flag) -> {
      var before = before(environment, key);
      var was = flag == null || before == null ? null : FlagItems.change(flag, before);
      var is = change(environment, key, flag);
      var path = "environments." + environment + ".flags." + key;
      if (!is.equals(was) && (is.state() != null || was != null)) {
        changes.put(is, path);
      }
    });
    return changes;
  }

  private ItemChange change(String environment, String key, @Nullable FlagRow flag) {
    var body = wanted.get(key);
    if (body != null) {
      var targeting = place(environment).wanted.getOrDefault(key, before(environment, key));
      return FlagItems.change(
          key,
          body.archived(),
          body.shape(),
          targeting == null ? Targeting.initial(body.shape()) : targeting);
    }
    if (flag == null) {
      throw new IllegalStateException("neither there nor wanted: " + key);
    }
    return FlagItems.change(flag, targeting(environment, flag));
  }

  /// What an existing flag is to do.
  private Targeting targeting(String environment, FlagRow flag) {
    var targeting =
        place(environment).wanted.getOrDefault(flag.key(), before(environment, flag.key()));
    return targeting == null ? Targeting.initial(flag.shape()) : targeting;
  }

  /// Whether what flags do in an environment is to be written.
  public boolean touches(String environment) {
    return !place(environment).wanted.isEmpty();
  }

  /// Refuses an author who may not change one of the flags that are asked for.
  public Mono<Void> check() {
    return Flux.fromIterable(List.copyOf(wanted.keySet()))
        .filter(now::containsKey)
        .concatMap(key -> Flags.checkEdits(unit, project, projectId, key))
        .then();
  }

  /// Writes and audits the flags themselves; afterwards these are what there is.
  ///
  /// @param at the environments that are published to
  public Mono<Void> write(List<LockedEnvironment> at) {
    return Flux.fromIterable(List.copyOf(wanted.entrySet()))
        .concatMap(each -> write(each.getKey(), each.getValue(), at))
        .then();
  }

  private Mono<Void> write(String key, FlagBody body, List<LockedEnvironment> at) {
    var before = now.get(key);
    var path = Flags.path(project, key);
    return (before == null
            ? insert(key, body)
            : FlagRows.update(unit.session(), unit.author(), before, body))
        .then(Mono.defer(() -> find(key)))
        .doOnNext(after -> now.put(key, after))
        .flatMap(after ->
            unit.note(
                before == null ? "flag.create" : "flag.update",
                path,
                before == null ? null : before.body(),
                after.body(),
                at));
  }

  /// A flag is made in use and archived then.
  private Mono<Void> insert(String key, FlagBody body) {
    var made = FlagRows.insert(unit.session(), unit.author(), projectId, body);
    return !body.archived()
        ? made
        : made.then(Mono.defer(() -> find(key)))
            .flatMap(flag -> FlagRows.update(unit.session(), unit.author(), flag, body));
  }

  private Mono<FlagRow> find(String key) {
    return FlagRows.find(unit.session(), unit.tenant(), projectId, key);
  }

  /// Writes and audits what flags do in an environment, after the flags themselves: the first
  /// targeting of those that have none, and what is asked for.
  public Mono<Void> write(String environment, EnvironmentId id, List<LockedEnvironment> at) {
    return Flux.fromIterable(List.copyOf(now.values()))
        .concatMap(flag -> write(environment, id, flag, at))
        .then();
  }

  private Mono<Void> write(
      String environment, EnvironmentId id, FlagRow flag, List<LockedEnvironment> at) {
    var before = place(environment).now.get(flag.id());
    var asked = place(environment).wanted.containsKey(flag.key());
    if (before != null && !asked) {
      return Mono.empty();
    }
    var targeting = targeting(environment, flag);
    var path = Flags.path(project, flag.key()) + "/environments/" + environment;
    var written =
        before == null
            ? TargetingRows.insert(unit.session(), unit.author(), flag.id(), id, targeting)
            : TargetingRows.update(unit.session(), unit.author(), flag.id(), id, targeting);
    return written
        .then(Mono.defer(() -> TargetingRows.find(unit.session(), unit.tenant(), flag.id(), id)))
        .filter(_ -> asked)
        .flatMap(after ->
            unit.note(
                "flag.targeting.update",
                path,
                before == null ? null : before.body(),
                after.body(),
                at));
  }
}
