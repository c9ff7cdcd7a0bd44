package dev.stitchd.propagation;

import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// Answers who has a revision, from the summaries of all nodes.
@Component
public final class Propagation {

  /// Half of them took no longer than `p50` milliseconds from the commit, and so on.
  public record Times(long count, long p50, long p99, long max) {}

  /// An instance that has not applied the revision.
  ///
  /// @param revision the last that it says it applied; -1 for none of this history
  /// @param seenAt when it was last heard of, in milliseconds since 1970
  public record Lagging(String instance, long revision, long seenAt) {}

  /// What is known about one revision.
  ///
  /// @param current the environment's newest revision
  /// @param committedAt in milliseconds since 1970; null if the revision changed no item
  /// @param nodes how many nodes have streams or instances of this environment
  /// @param connected streams that are open now
  /// @param sent how many of them have been written this revision or a later one
  /// @param sentTimes over the streams that were open when it came; null if nothing is known
  /// @param instances instances of SDKs that are known now
  /// @param applied how many of them say that they applied this revision or a later one
  /// @param appliedTimes until they said so; null if nothing is known
  /// @param lagging some of the others, those furthest behind first
  /// @param complete whether every instance that named itself could be followed
  public record Report(
      long revision,
      long current,
      @Nullable Long committedAt,
      int nodes,
      long connected,
      long sent,
      @Nullable Times sentTimes,
      int instances,
      int applied,
      @Nullable Times appliedTimes,
      List<Lagging> lagging,
      boolean complete) {}

  private final PropagationRows rows;
  private final Snapshots snapshots;
  private final PropagationSettings settings;

  Propagation(PropagationRows rows, Snapshots snapshots, PropagationSettings settings) {
    this.rows = rows;
    this.snapshots = snapshots;
    this.settings = settings;
  }

  /// Who has a revision of an environment, as of about a second ago. Fails with [Problem.NotFound]
  /// if the tenant has no such environment, it has not come to that revision, or the revision is
  /// older than the history.
  ///
  /// @param revision null for the newest
  public Mono<Report> of(
      TenantId tenant, String project, String environment, @Nullable Long revision) {
    return rows.read(tenant, project, environment, revision)
        .switchIfEmpty(
            Mono.error(() ->
                new Problem.NotFound(
                    "there is no environment '" + environment + "' in project '" + project + "'")))
        .flatMap(found -> report(found, revision));
  }

  private Mono<Report> report(PropagationRows.Found found, @Nullable Long revision) {
    long asked = revision == null ? found.current() : revision;
    if (asked > found.current()) {
      return Mono.error(
          new Problem.NotFound(
              "revision " + asked + " has not been made; the newest is " + found.current()));
    }
    if (asked < found.pruned()) {
      return Mono.error(Problem.NotFound.pruned(asked, found.pruned()));
    }
    return snapshots
        .current(found.environment())
        .map(Snapshot::tag)
        .map(tag -> report(found, asked, tag));
  }

  private Report report(PropagationRows.Found found, long asked, String tag) {
    var streams = new StreamsMerge(asked, found.committed());
    found.nodes().forEach(node -> streams.add(SummaryJson.read(node.path("summary"))));
    var times = new Percentiles();
    var lagging = new ArrayList<Lagging>();
    int applied = 0;
    for (var instance : found.instances()) {
      var receipt = firstReceipt(instance, asked, tag);
      if (receipt == null) {
        lagging.add(lagging(instance, tag));
      } else {
        applied++;
        if (found.committed() != null) {
          times.add(receipt.at() - found.committed(), 1);
        }
      }
    }
    int listed = Math.min(lagging.size(), settings.laggingListed());
    return new Report(
        asked,
        found.current(),
        found.committed(),
        found.nodes().size(),
        streams.connected(),
        streams.sent(),
        streams.times(),
        found.instances().size(),
        applied,
        times.result(),
        List.copyOf(lagging.subList(0, listed)),
        !streams.isFull() && found.instances().size() < settings.answeredInstances());
  }

  /// The first receipt known for this revision or a later one; null if there is none.
  private static Instance.@Nullable Receipt firstReceipt(
      JsonNode instance, long revision, String tag) {
    return instance.path("tag").asString("").equals(tag)
        ? SummaryJson.readReceipts(instance.path("receipts")).stream()
            .filter(receipt -> receipt.revision() >= revision)
            .findFirst()
            .orElse(null)
        : null;
  }

  private static Lagging lagging(JsonNode instance, String tag) {
    boolean current = instance.path("tag").asString("").equals(tag);
    return new Lagging(
        instance.path("instance").asString(""),
        current ? instance.path("revision").asLong(Instance.NOTHING) : Instance.NOTHING,
        instance.path("seen").asLong(0));
  }
}
