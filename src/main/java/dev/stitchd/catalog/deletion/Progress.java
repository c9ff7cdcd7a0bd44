package dev.stitchd.catalog.deletion;

import dev.stitchd.catalog.deletion.RemovalRows.Batch;
import dev.stitchd.catalog.deletion.RemovalRows.Kept;
import dev.stitchd.catalog.deletion.RemovalRows.Remains;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// How far this node got with a deletion, so that its next turn does not look through all again.
/// Nobody adds to what is hidden. Used by one turn at a time.
final class Progress {

  /// Rows of a table that belong to one project or environment.
  record Step(Kept kept, UUID owner) {}

  private final List<Step> steps = new ArrayList<>();
  private Batch last = Batch.BEFORE_THE_FIRST;
  private int at;

  Progress(Remains remains) {
    for (var environment : remains.environments()) {
      RemovalRows.OF_ENVIRONMENT.forEach(kept -> steps.add(new Step(kept, environment)));
    }
    if (remains.project() instanceof UUID project) {
      RemovalRows.OF_PROJECT.forEach(kept -> steps.add(new Step(kept, project)));
    }
  }

  /// Whether all rows are gone that are removed in batches.
  boolean isEmptied() {
    return at == steps.size();
  }

  Step step() {
    return steps.get(at);
  }

  /// The batch that the next one of the same step goes on after.
  Batch last() {
    return last;
  }

  /// @param most as many rows as a batch may have; one with fewer is the last of its step
  void removed(Batch batch, int most) {
    boolean more = batch.removed() == most;
    last = more ? batch : Batch.BEFORE_THE_FIRST;
    at += more ? 0 : 1;
  }
}
