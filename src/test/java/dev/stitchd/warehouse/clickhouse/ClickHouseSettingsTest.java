package dev.stitchd.warehouse.clickhouse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.kernel.StartFailure;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

public class ClickHouseSettingsTest {

  public static ClickHouseSettings bind(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("stitchd.clickhouse", ClickHouseSettings.class);
  }

  @Test
  public void defaults() {
    assertThat(bind(Map.of()))
        .isEqualTo(
            new ClickHouseSettings(
                null,
                null,
                true,
                "auto",
                8,
                Duration.ofSeconds(2),
                Duration.ofSeconds(30),
                Duration.ofSeconds(5),
                Duration.ofSeconds(1),
                Duration.ofSeconds(2),
                Duration.ofSeconds(5),
                4,
                2,
                Duration.ofSeconds(10),
                100,
                Duration.ofSeconds(10),
                DataSize.ofGigabytes(1),
                4,
                10_000));
  }

  @Test
  public void everyPropertyHasItsName() {
    var names =
        Map.ofEntries(
            Map.entry("stitchd.clickhouse.url", "http://a@b/c"),
            Map.entry("stitchd.clickhouse.insert-connections", "1"),
            Map.entry("stitchd.clickhouse.connect-timeout", "2ms"),
            Map.entry("stitchd.clickhouse.insert-timeout", "3ms"),
            Map.entry("stitchd.clickhouse.idle-time", "4ms"),
            Map.entry("stitchd.clickhouse.ping-interval", "5ms"),
            Map.entry("stitchd.clickhouse.ping-timeout", "6ms"),
            Map.entry("stitchd.clickhouse.migration-retry-max", "7ms"),
            Map.entry("stitchd.clickhouse.query-threads", "8"),
            Map.entry("stitchd.clickhouse.query-share", "14"),
            Map.entry("stitchd.clickhouse.query-wait", "15s"),
            Map.entry("stitchd.clickhouse.waiting-queries", "9"),
            Map.entry("stitchd.clickhouse.query-time", "10s"),
            Map.entry("stitchd.clickhouse.query-memory", "12MB"),
            Map.entry("stitchd.clickhouse.query-cores", "13"),
            Map.entry("stitchd.clickhouse.query-rows", "11"));
    assertThat(bind(names))
        .isEqualTo(
            new ClickHouseSettings(
                "http://a@b/c",
                null,
                true,
                "auto",
                1,
                Duration.ofMillis(2),
                Duration.ofMillis(3),
                Duration.ofMillis(4),
                Duration.ofMillis(5),
                Duration.ofMillis(6),
                Duration.ofMillis(7),
                8,
                14,
                Duration.ofSeconds(15),
                9,
                Duration.ofSeconds(10),
                DataSize.ofMegabytes(12),
                13,
                11));
  }

  @Test
  public void addressIsReadFromTheUrl() {
    assertThat(ClickHouseAddress.parse("http://us%40er:p%3Aw+d@ch.example:8124/events"))
        .isEqualTo(new ClickHouseAddress(false, "ch.example", 8124, "events", "us@er", "p:w+d"));
    assertThat(ClickHouseAddress.parse("https://default@ch.example"))
        .isEqualTo(new ClickHouseAddress(true, "ch.example", 8443, "default", "default", ""));
  }

  @Test
  public void addressNeverShowsItsPassword() {
    assertThat(ClickHouseAddress.parse("http://me:s3cret@ch/db"))
        .asString()
        .isEqualTo("ch:8123/db");
    for (var url :
        new String[] {"http://me:s3cret@ch/d;b", "ftp://me:s3cret@ch/db", "me:s3cret", ""}) {
      assertThatThrownBy(() -> ClickHouseAddress.parse(url))
          .isInstanceOf(StartFailure.class)
          .hasMessageContaining("STITCHD_CLICKHOUSE_URL")
          .hasMessageNotContaining("s3cret");
    }
  }
}
