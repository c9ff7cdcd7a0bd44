package dev.stitchd.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SeenAttributesTest {

  @Test
  void keepsTheOrderAndTheLastOfAPathThatComesTwice() {
    var seen = new SeenAttributes();
    seen.add("a.b", "1");
    seen.add("c", "2");
    seen.add("a.b", "3");
    var kept = seen.without(Set.of(), Set.of());
    assertThat(kept).containsExactly(entry("a.b", "3"), entry("c", "2"));
    assertThat(kept).isEqualTo(Map.of("c", "2", "a.b", "3")).hasSameHashCodeAs(Map.copyOf(kept));
    assertThat(kept.get("c")).isEqualTo("2");
    assertThat(kept.get("d")).isNull();
    var read = new LinkedHashMap<String, String>();
    kept.forEach(read::put);
    assertThat(read).isEqualTo(kept);
  }

  @Test
  void privatePathsAndWhatLiesInThemMakeRoomForOthers() {
    var seen = new SeenAttributes();
    for (int i = 0; i < 100; i++) {
      seen.add("secret." + i, "x");
    }
    for (int i = 0; i < 2 * SeenAttributes.MOST; i++) {
      seen.add("open" + i, "y");
    }
    var kept = seen.without(Set.of("secret"), Set.of("open0"));
    assertThat(kept).hasSize(SeenAttributes.MOST).doesNotContainKey("open0").containsKey("open1");
    assertThat(kept.keySet()).noneMatch(path -> path.startsWith("secret"));
  }
}
