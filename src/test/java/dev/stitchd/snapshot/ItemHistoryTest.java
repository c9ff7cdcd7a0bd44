package dev.stitchd.snapshot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ItemHistoryTest {

  @Test
  void tellsEachItemOnceAsItIsNow() {
    var history =
        ItemHistory.of(0, List.of(flag("a", 1, "1"), flag("b", 2, "2")), 10)
            .with(List.of(flag("a", 3, "3")), 10)
            .with(List.of(flag("b", 4, null)), 10);

    assertThat(history.since(0)).extracting(ItemHistory.Entry::key).containsExactly("a", "b");
    assertThat(history.since(3)).extracting(ItemHistory.Entry::key).containsExactly("b");
    assertThat(history.present()).extracting(ItemHistory.Entry::revision).containsExactly(3L);
    assertThat(history.bytes()).isEqualTo(2); // "a" and "3"
  }

  @Test
  void anItemThatComesBackIsNoRemovalAnyMore() {
    var history =
        ItemHistory.of(0, List.of(flag("a", 1, null)), 10).with(List.of(flag("a", 2, "2")), 10);

    assertThat(history.since(0))
        .hasSize(1)
        .first()
        .extracting(ItemHistory.Entry::revision)
        .isEqualTo(2L);
  }

  @Test
  void aLateStateDoesNotReplaceANewerOne() {
    var history =
        ItemHistory.of(0, List.of(flag("a", 5, "5")), 10).with(List.of(flag("a", 4, "4")), 10);

    assertThat(history.present()).extracting(ItemHistory.Entry::revision).containsExactly(5L);
  }

  @Test
  void forgetsTheOldestRemovalsAndThenDoesNotReachBackBeforeThem() {
    var history =
        ItemHistory.of(
            0,
            List.of(flag("a", 1, null), flag("b", 2, null), flag("c", 3, null), flag("d", 4, "4")),
            2);

    assertThat(history.since(0)).isNull();
    assertThat(history.since(1)).extracting(ItemHistory.Entry::key).containsExactly("b", "c", "d");
  }

  @Test
  void reachesFurtherBackWithOlderRemovals() {
    var history =
        ItemHistory.of(
            5, List.of(flag("back", 7, "7"), flag("gone", 8, null), flag("a", 2, "2")), 10);
    var older =
        new OlderRemovals(
            1, 6, List.of(flag("back", 3, null), flag("gone", 4, null), flag("old", 5, null)));

    var longer = history.reaching(older);

    assertThat(longer.since(0)).isNull();
    assertThat(longer.since(1))
        .extracting(entry -> entry.key() + entry.revision())
        .containsExactly("a2", "old5", "back7", "gone8");
    assertThat(longer.bytes()).isEqualTo(history.bytes());
    assertThat(history.reaching(new OlderRemovals(1, 4, older.entries())))
        .as("with a gap between")
        .isSameAs(history);
    assertThat(history.reaching(OlderRemovals.NONE)).isSameAs(history);
  }

  @Test
  void fewRevisionsServeAllWhoAskForOneAndMostlyLittleMoreThanTheyNeed() {
    var entries = LongStream.rangeClosed(1, 1000).mapToObj(n -> flag("f" + n, n, "1")).toList();
    var history = ItemHistory.of(0, entries, 10);

    var served = new TreeSet<Long>();
    for (long since = 0; since < 1000; since++) {
      long earlier = history.notMuchBefore(since);
      served.add(earlier);
      assertThat(earlier).isLessThanOrEqualTo(since);
      assertThat((double) history.since(earlier).size())
          .isLessThanOrEqualTo(1.25 * history.since(since).size());
    }
    assertThat(served).hasSizeLessThan(40);
    var brief = ItemHistory.of(990, entries, 10);
    assertThat(brief.notMuchBefore(991)).isGreaterThanOrEqualTo(990);
  }

  @Test
  void aFlagAndASegmentMayShareAKey() {
    var segment = new ItemHistory.Entry(ItemHistory.Kind.SEGMENT, "a", 2, "2".getBytes(UTF_8));

    assertThat(ItemHistory.of(0, List.of(flag("a", 1, "1"), segment), 10).present()).hasSize(2);
  }

  private static ItemHistory.Entry flag(String key, long revision, String json) {
    return new ItemHistory.Entry(
        ItemHistory.Kind.FLAG, key, revision, json == null ? null : json.getBytes(UTF_8));
  }
}
