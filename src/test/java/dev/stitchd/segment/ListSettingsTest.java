package dev.stitchd.segment;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class ListSettingsTest {

  private static final Map<String, String> ALL =
      Map.ofEntries(
          Map.entry("answer-after", "8s"),
          Map.entry("imports-kept", "10"),
          Map.entry("changes-waiting", "22"),
          Map.entry("changed-together", "23"),
          Map.entry("export-page", "17"));

  static ListSettings bind(Map<String, String> values) {
    var named = new HashMap<String, String>();
    values.forEach((name, value) -> named.put("stitchd.lists." + name, value));
    return new Binder(new MapConfigurationPropertySource(named))
        .bindOrCreate("stitchd.lists", ListSettings.class);
  }

  @Test
  void defaultsAreTheDocumentedOnes() {
    assertThat(bind(Map.of()))
        .isEqualTo(new ListSettings(Duration.ofSeconds(30), 20, 2_000, 10_000, 5_000));
  }

  @Test
  void everySettingHasItsName() {
    assertThat(bind(ALL)).isEqualTo(new ListSettings(Duration.ofSeconds(8), 10, 22, 23, 17));
  }
}
