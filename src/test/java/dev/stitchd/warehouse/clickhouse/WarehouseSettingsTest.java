package dev.stitchd.warehouse.clickhouse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

public class WarehouseSettingsTest {

  public static WarehouseSettings bind(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("stitchd.warehouse", WarehouseSettings.class);
  }

  @Test
  public void defaults() {
    assertThat(bind(Map.of()))
        .isEqualTo(
            new WarehouseSettings(
                Duration.ofDays(400),
                Duration.ofDays(1_200),
                Duration.ofMinutes(1),
                Duration.ofMinutes(10),
                Duration.ofDays(17),
                5_000_000,
                500,
                20_000,
                2,
                1,
                1_000_000,
                10_000_000,
                Duration.ofSeconds(10),
                5_000_000));
  }

  @Test
  public void everyPropertyHasItsName() {
    var names =
        Map.ofEntries(
            Map.entry("stitchd.warehouse.events-ttl", "0"),
            Map.entry("stitchd.warehouse.rollups-ttl", "70d"),
            Map.entry("stitchd.warehouse.rollup-interval", "1s"),
            Map.entry("stitchd.warehouse.rollup-after", "2s"),
            Map.entry("stitchd.warehouse.rollup-lookback", "3s"),
            Map.entry("stitchd.warehouse.rollup-rows", "4"),
            Map.entry("stitchd.warehouse.reopened-hours", "5"),
            Map.entry("stitchd.warehouse.exact-users", "50"),
            Map.entry("stitchd.warehouse.exports", "6"),
            Map.entry("stitchd.warehouse.export-share", "60"),
            Map.entry("stitchd.warehouse.export-slice", "7"),
            Map.entry("stitchd.warehouse.parquet-rows", "8"),
            Map.entry("stitchd.warehouse.export-retry-after", "9s"),
            Map.entry("stitchd.warehouse.sampled-rows", "10"));
    assertThat(bind(names))
        .isEqualTo(
            new WarehouseSettings(
                Duration.ZERO,
                Duration.ofDays(70),
                Duration.ofSeconds(1),
                Duration.ofSeconds(2),
                Duration.ofSeconds(3),
                4,
                5,
                50,
                6,
                60,
                7,
                8,
                Duration.ofSeconds(9),
                10));
  }

  @Test
  public void rollupsOutliveTheirEvents() {
    assertThat(kept("400d", "1200d")).isEqualTo(Duration.ofDays(1_200));
    assertThat(kept("400d", "30d")).isEqualTo(Duration.ofDays(445));
    assertThat(kept("0", "30d")).isZero();
    assertThat(kept("400d", "0")).isZero();
  }

  private static Duration kept(String events, String rollups) {
    return bind(Map.of(
            "stitchd.warehouse.events-ttl", events, "stitchd.warehouse.rollups-ttl", rollups))
        .rollupsKept();
  }

  @Test
  public void whatCannotWorkIsRefusedAtTheStart() {
    for (var wrong :
        Map.of(
                "events-ttl", "7d",
                "rollup-interval", "0s",
                "rollup-rows", "0",
                "exports", "0",
                "export-share", "0",
                "export-slice", "0")
            .entrySet()) {
      assertThatThrownBy(
              () -> bind(Map.of("stitchd.warehouse." + wrong.getKey(), wrong.getValue())))
          .isInstanceOf(BindException.class)
          .hasRootCauseInstanceOf(IllegalArgumentException.class)
          .rootCause()
          .hasMessageContaining(wrong.getKey());
    }
  }
}
