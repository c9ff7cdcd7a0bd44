package dev.stitchd.membership;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class MembershipEndpointSettingsTest {

  private static MembershipEndpointSettings bind(Map<String, String> values) {
    return new Binder(new MapConfigurationPropertySource(values))
        .bindOrCreate("stitchd.membership.door", MembershipEndpointSettings.class);
  }

  @Test
  void defaultIsTheDocumentedOne() {
    assertThat(bind(Map.of())).isEqualTo(new MembershipEndpointSettings(DataSize.ofMegabytes(1)));
  }

  @Test
  void theSettingHasItsName() {
    assertThat(bind(Map.of("stitchd.membership.door.max-body", "2KB")))
        .isEqualTo(new MembershipEndpointSettings(DataSize.ofKilobytes(2)));
  }
}
