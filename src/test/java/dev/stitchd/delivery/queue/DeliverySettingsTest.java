package dev.stitchd.delivery.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

public class DeliverySettingsTest {

  public static DeliverySettings bind(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("stitchd.events", DeliverySettings.class);
  }

  @Test
  public void defaults() {
    assertThat(bind(Map.of()))
        .isEqualTo(
            new DeliverySettings(
                250_000,
                DataSize.ofMegabytes(128),
                10_000,
                DataSize.ofMegabytes(8),
                Duration.ofMillis(250),
                4,
                Duration.ofSeconds(10),
                Duration.ofMillis(200),
                Duration.ofSeconds(3),
                Duration.ofSeconds(2),
                Duration.ofSeconds(2),
                Duration.ofSeconds(5),
                10_000,
                Duration.ofSeconds(10)));
  }

  @Test
  public void everyPropertyHasItsName() {
    var names =
        Map.ofEntries(
            Map.entry("stitchd.events.queue-events", "1"),
            Map.entry("stitchd.events.queue-bytes", "2B"),
            Map.entry("stitchd.events.batch-rows", "3"),
            Map.entry("stitchd.events.batch-bytes", "4B"),
            Map.entry("stitchd.events.batch-wait", "5ms"),
            Map.entry("stitchd.events.inserts-in-flight", "6"),
            Map.entry("stitchd.events.durable-wait", "7ms"),
            Map.entry("stitchd.events.retry-min", "8ms"),
            Map.entry("stitchd.events.retry-max", "9ms"),
            Map.entry("stitchd.events.retry-after", "10ms"),
            Map.entry("stitchd.events.spool-after", "11ms"),
            Map.entry("stitchd.events.late", "14ms"),
            Map.entry("stitchd.events.accounts", "12"),
            Map.entry("stitchd.events.drain", "13ms"));
    assertThat(bind(names))
        .isEqualTo(
            new DeliverySettings(
                1,
                DataSize.ofBytes(2),
                3,
                DataSize.ofBytes(4),
                Duration.ofMillis(5),
                6,
                Duration.ofMillis(7),
                Duration.ofMillis(8),
                Duration.ofMillis(9),
                Duration.ofMillis(10),
                Duration.ofMillis(11),
                Duration.ofMillis(14),
                12,
                Duration.ofMillis(13)));
  }

  @Test
  public void nonsenseIsRefusedAtStart() {
    assertThatThrownBy(() -> bind(Map.of("stitchd.events.queue-events", "0")))
        .isInstanceOf(BindException.class)
        .hasRootCauseMessage(
            "stitchd.events.queue-events, batch-rows, inserts-in-flight and accounts must be at least 1");
  }
}
