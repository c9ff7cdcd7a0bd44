package dev.stitchd.catalog.flag;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.resource.LockedEnvironment;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.revisionlog.ItemChange;
import dev.stitchd.ruleset.Targeting;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// What flags of one environment did before, put back as it was: what each is asked to do is
/// checked as any write is, but for its rollouts, which keep the salts and slots that they had. Of
/// one unit of work, which holds the environment.
public final class RestoredTargeting {

  private final UnitOfWork unit;
  private final LockedEnvironment at;
  private final Map<String, FlagRow> flags;
  private final Map<UUID, TargetingRow> current;
  private final Map<FlagRow, Targeting> wanted = new LinkedHashMap<>();

  private RestoredTargeting(
      UnitOfWork unit, LockedEnvironment at, List<FlagRow> flags, Map<UUID, TargetingRow> current) {
    this.unit = unit;
    this.at = at;
    this.flags = flags.stream().collect(Collectors.toMap(FlagRow::key, Function.identity()));
    this.current = current;
  }

  /// Reads what flags there are and do now.
  public static Mono<RestoredTargeting> of(UnitOfWork unit, LockedEnvironment at) {
    return FlagRows.all(unit.session(), unit.tenant(), at.projectId())
        .zipWhen(
            _ -> TargetingRows.all(unit.session(), unit.tenant(), at.id()),
            (flags, current) -> new RestoredTargeting(unit, at, flags, current));
  }

  /// Asks for what a flag did; what does not fit any more is noted.
  ///
  /// @param type the flag's type then
  /// @param whole whether descriptions are known; those of rules that still are there stay if not
  public void want(
      String key, String type, Targeting then, boolean whole, String path, FieldErrors errors) {
    var flag = flags.get(key);
    var now = flag == null ? null : current.get(flag.id());
    if (flag == null || now == null) {
      errors.add(path, "there is no flag '" + key + "' any more");
    } else if (!flag.type().equals(type)) {
      errors.add(path, "is of type " + flag.type() + " now, and was of type " + type);
    } else if (flag.archived()) {
      errors.add(path, "is archived now");
    } else {
      want(flag, now.targeting(), whole ? then : then.describedAs(now.targeting()), path, errors);
    }
  }

  private void want(FlagRow flag, Targeting now, Targeting then, String path, FieldErrors errors) {
    var own = new FieldErrors();
    var read =
        Targeting.read(then.toJson(), path, flag.shape(), then, RestoredTargeting::noSalt, own);
    errors.addAll(own);
    if (own.isEmpty() && !read.targeting().withoutHistory().equals(now.withoutHistory())) {
      wanted.put(flag, read.targeting());
    }
  }

  /// What is to be published, each with the path of its errors.
  ///
  /// @param path from a flag's key
  public Map<ItemChange, String> changes(Function<String, String> path) {
    var changes = new LinkedHashMap<ItemChange, String>();
    wanted.forEach(
        (flag, then) -> changes.put(FlagItems.change(flag, then), path.apply(flag.key())));
    return changes;
  }

  /// Writes and audits it; publishing is left to whoever publishes all of it.
  ///
  /// @param project the project's key
  public Mono<Void> write(String project) {
    return Flux.fromIterable(wanted.entrySet())
        .concatMap(each -> write(project, each.getKey(), each.getValue()))
        .then();
  }

  private Mono<Void> write(String project, FlagRow flag, Targeting then) {
    var path = Flags.path(project, flag.key()) + "/environments/" + at.key();
    return Mono.justOrEmpty(current.get(flag.id()))
        .flatMap(before ->
            TargetingRows.update(unit.session(), unit.author(), flag.id(), at.id(), then)
                .flatMap(after ->
                    unit.note(
                        "flag.targeting.restore", path, before.body(), after.body(), List.of(at))));
  }

  private static String noSalt() {
    throw new IllegalStateException("a rollout that was published has a salt");
  }
}
