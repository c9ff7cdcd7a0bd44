package dev.stitchd.ingest.definitions;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.catalog.event.DefinedEvents.Defined;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.EnvironmentSettings;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.DerivedValues;
import dev.stitchd.snapshot.ItemHistory;
import dev.stitchd.snapshot.Snapshot;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

class DefinitionCacheTest {

  private static final EnvironmentId ENVIRONMENT = new EnvironmentId(new UUID(0, 2));

  /// Reads that have begun and are not answered.
  private final Queue<Sinks.One<Defined>> reads = new ArrayDeque<>();

  private final DefinitionCache cache =
      new DefinitionCache(
          _ ->
              Mono.defer(() -> {
                var read = Sinks.<Defined>one();
                reads.add(read);
                return read.asMono();
              }),
          new DefinitionSettings(10, Duration.ofSeconds(20), 1),
          Schedulers.parallel());

  private static Snapshot snapshot(long accessVersion) {
    return new Snapshot(
        ENVIRONMENT,
        new TenantId(new UUID(0, 1)),
        "production",
        new Cursor("5f3a90c1", 7),
        accessVersion,
        EnvironmentSettings.of(Json.object()),
        Ruleset.EMPTY,
        ItemHistory.EMPTY,
        new DerivedValues());
  }

  private List<Long> asking(long accessVersion) {
    var answers = new ArrayList<Long>();
    var _ =
        cache.of(snapshot(accessVersion)).subscribe(found -> answers.add(found.accessVersion()));
    return answers;
  }

  private void answer(long accessVersion) {
    reads.remove().tryEmitValue(new Defined(accessVersion, List.of())).orThrow();
  }

  @Test
  void whoSeesAChangeIsNotAnsweredByAReadThatBeganBeforeIt() {
    var before = asking(1);
    var after = asking(2);
    assertThat(reads).hasSize(1);
    answer(1);
    assertThat(before).containsExactly(1L);
    assertThat(after).isEmpty();
    answer(2);
    assertThat(after).containsExactly(2L);
    assertThat(asking(2)).containsExactly(2L);
    assertThat(reads).isEmpty();
  }

  /// One that is as old as the first read, as from a store that lags behind, is better than none.
  @Test
  void nobodyReadsForEver() {
    var first = asking(2);
    answer(1);
    answer(1);
    assertThat(first).containsExactly(1L);
    assertThat(reads).isEmpty();
  }

  @Test
  void whatThisNodeHasChangedIsNotTakenFromAReadThatIsUnderWay() {
    var before = asking(1);
    cache.forget(ENVIRONMENT);
    var after = asking(1);
    assertThat(reads).hasSize(2);
    var old = reads.remove();
    answer(2);
    old.tryEmitValue(new Defined(1, List.of())).orThrow();
    assertThat(before).containsExactly(1L);
    assertThat(after).containsExactly(2L);
    assertThat(asking(2)).containsExactly(2L);
  }

  /// Each would wait as long as reading may take, and say so.
  @Test
  void whoComesRightAfterAReadThatFailedDoesNotWaitForAnother() {
    var first = asking(1);
    answer(1);
    assertThat(first).containsExactly(1L);
    var second = asking(2);
    reads.remove().tryEmitError(new IllegalStateException("out")).orThrow();
    assertThat(second).containsExactly(1L);
    assertThat(asking(2)).containsExactly(1L);
    assertThat(reads).isEmpty();
    cache.forget(ENVIRONMENT);
    var third = asking(2);
    answer(2);
    assertThat(third).containsExactly(2L);
  }
}
