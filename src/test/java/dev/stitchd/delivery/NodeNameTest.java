package dev.stitchd.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class NodeNameTest {

  @Test
  void nodeHasTheNameThatIsSetOrItsMachines() {
    var binder = new Binder(new MapConfigurationPropertySource(Map.of("stitchd.node", " web-1 ")));
    var settings = binder.bindOrCreate("stitchd", NodeSettings.class);
    assertThat(NodeName.of(settings).name()).isEqualTo("web-1");
    var defaults =
        new Binder(new MapConfigurationPropertySource(Map.of()))
            .bindOrCreate("stitchd", NodeSettings.class);
    assertThat(NodeName.of(defaults).name()).isNotBlank();
  }
}
