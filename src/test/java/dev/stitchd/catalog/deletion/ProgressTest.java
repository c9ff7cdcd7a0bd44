package dev.stitchd.catalog.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.catalog.deletion.RemovalRows.Batch;
import dev.stitchd.catalog.deletion.RemovalRows.Remains;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ProgressTest {

  private static final int MOST = 500;

  private final UUID environment = UUID.randomUUID();
  private final UUID other = UUID.randomUUID();
  private final UUID project = UUID.randomUUID();

  @Test
  void eachEnvironmentGoesAndThenTheProject() {
    var progress = new Progress(new Remains(project, List.of(environment, other)));
    var seen = new ArrayList<Progress.Step>();
    while (!progress.isEmptied()) {
      seen.add(progress.step());
      progress.removed(Batch.BEFORE_THE_FIRST, MOST);
    }
    var wanted = new ArrayList<Progress.Step>();
    for (var owner : List.of(environment, other)) {
      RemovalRows.OF_ENVIRONMENT.forEach(kept -> wanted.add(new Progress.Step(kept, owner)));
    }
    RemovalRows.OF_PROJECT.forEach(kept -> wanted.add(new Progress.Step(kept, project)));
    assertThat(seen).isEqualTo(wanted);
  }

  @Test
  void aFullBatchIsFollowedByTheNextOfTheSameTable() {
    var progress = new Progress(new Remains(null, List.of(environment)));
    var first = progress.step();
    assertThat(progress.last()).isEqualTo(Batch.BEFORE_THE_FIRST);

    progress.removed(new Batch(MOST, 700), MOST);
    assertThat(progress.step()).isEqualTo(first);
    assertThat(progress.last()).isEqualTo(new Batch(MOST, 700));

    progress.removed(new Batch(MOST - 1, 900), MOST);
    assertThat(progress.step()).isNotEqualTo(first);
    assertThat(progress.last()).isEqualTo(Batch.BEFORE_THE_FIRST);
  }

  @Test
  void whereThereIsNothingNothingIsToBeDone() {
    assertThat(new Progress(new Remains(null, List.of())).isEmptied()).isTrue();
  }
}
