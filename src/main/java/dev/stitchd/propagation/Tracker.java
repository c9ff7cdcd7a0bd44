package dev.stitchd.propagation;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.Snapshot;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Counts, environment by environment; each is touched inside its entry of the map alone.
final class Tracker implements Deliveries, Instances {

  /// What a node shares of one environment.
  record Summary(EnvironmentId environment, int streams, String json) {}

  /// What a node shares of one instance.
  record InstanceState(
      EnvironmentId environment, String instance, String tag, long revision, String receipts) {}

  /// What is to be written now.
  record Batch(List<Summary> summaries, List<InstanceState> instances) {
    boolean isEmpty() {
      return summaries.isEmpty() && instances.isEmpty();
    }
  }

  private final PropagationSettings settings;
  private final Clock clock;
  private final ConcurrentMap<EnvironmentId, EnvironmentProgress> environments =
      new ConcurrentHashMap<>();

  Tracker(PropagationSettings settings, Clock clock) {
    this.settings = settings;
    this.clock = clock;
  }

  @Override
  public void sent(EnvironmentId environment, long from, long to, int streams) {
    long now = clock.millis();
    in(environment, progress -> progress.sent(from, to, streams, now));
  }

  @Override
  public void ended(EnvironmentId environment, long at, int streams) {
    in(environment, progress -> progress.ended(at, streams));
  }

  @Override
  public void noted(Snapshot snapshot, @Nullable String header, @Nullable String cursor) {
    var named = InstanceHeader.parse(header);
    if (named != null) {
      heard(snapshot, named, cursor, _ -> {});
    }
  }

  @Override
  public @Nullable String connected(
      Snapshot snapshot, @Nullable String header, @Nullable String cursor) {
    var named = InstanceHeader.parse(header);
    if (named == null) {
      return null;
    }
    heard(snapshot, named, cursor, Instance::connected);
    return named.name();
  }

  @Override
  public void gone(EnvironmentId environment, String instance) {
    long now = clock.millis();
    in(environment, progress -> with(progress.instance(instance, now), known -> known.gone(now)));
  }

  /// Notes a receipt whose cursor has been checked.
  void applied(EnvironmentId environment, String instance, Cursor cursor) {
    long now = clock.millis();
    in(
        environment,
        progress ->
            with(
                progress.instance(instance, now),
                known -> {
                  known.seen(now);
                  known.applied(cursor, now);
                }));
  }

  int size() {
    return environments.size();
  }

  /// Takes what is to be written: whatever changed, and what would become stale; the environments
  /// first that were written longest ago.
  ///
  /// @param offset what to add to this node's clock to get PostgreSQL's, in milliseconds
  Batch take(long offset) {
    long now = clock.millis();
    var due = new ArrayList<Map.Entry<Long, EnvironmentId>>();
    for (var environment : environments.keySet()) {
      environments.computeIfPresent(
          environment,
          (_, progress) -> {
            if (progress.isDue(now)) {
              due.add(Map.entry(progress.written(), environment));
            }
            return progress;
          });
    }
    due.sort(Comparator.comparing(Map.Entry::getKey));
    var batch = new Batch(new ArrayList<>(), new ArrayList<>());
    due.stream()
        .limit(settings.environments())
        .forEach(entry -> take(entry.getValue(), now, offset, batch));
    return batch;
  }

  /// Takes back what could not be written.
  void putBack(Batch batch) {
    batch
        .summaries()
        .forEach(summary -> in(summary.environment(), EnvironmentProgress::notWritten));
    long now = clock.millis();
    for (var state : batch.instances()) {
      in(
          state.environment(),
          progress -> with(progress.instance(state.instance(), now), Instance::notWritten));
    }
  }

  private void take(EnvironmentId environment, long now, long offset, Batch batch) {
    environments.computeIfPresent(
        environment,
        (_, progress) -> {
          batch
              .summaries()
              .add(new Summary(environment, progress.streams(), SummaryJson.of(progress, offset)));
          for (var entry : progress.due(now, settings.instances())) {
            batch.instances().add(state(environment, entry.getKey(), entry.getValue(), offset));
            entry.getValue().written(now);
          }
          progress.written(now);
          progress.forgetIdle(now);
          return progress.isIdle() ? null : progress;
        });
  }

  private static InstanceState state(
      EnvironmentId environment, String name, Instance instance, long offset) {
    return new InstanceState(
        environment,
        name,
        instance.tag(),
        instance.revision(),
        SummaryJson.of(instance.receipts(), offset));
  }

  private void heard(
      Snapshot snapshot, InstanceHeader named, @Nullable String cursor, Consumer<Instance> also) {
    var applied = Cursor.parseEither(named.cursor() == null ? cursor : named.cursor());
    long now = clock.millis();
    in(
        snapshot.environment(),
        progress ->
            with(
                progress.instance(named.name(), now),
                instance -> {
                  instance.seen(now);
                  also.accept(instance);
                  if (applied != null && applied.tag().equals(snapshot.tag())) {
                    instance.applied(applied, now);
                  }
                }));
  }

  private void in(EnvironmentId environment, Consumer<EnvironmentProgress> work) {
    environments.compute(
        environment,
        (_, known) -> {
          var progress = known == null ? new EnvironmentProgress(settings) : known;
          work.accept(progress);
          return progress;
        });
  }

  private static void with(@Nullable Instance instance, Consumer<Instance> work) {
    if (instance != null) {
      work.accept(instance);
    }
  }
}
