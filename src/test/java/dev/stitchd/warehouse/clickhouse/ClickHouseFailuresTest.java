package dev.stitchd.warehouse.clickhouse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.delivery.EventSink;
import org.junit.jupiter.api.Test;

class ClickHouseFailuresTest {

  @Test
  void onlyTheDataItselfIsRefused() {
    assertThat(ClickHouseFailures.of(400, "53", "Code: 53. DB::Exception: type mismatch\nstack"))
        .isInstanceOf(EventSink.Refused.class)
        .hasMessage("HTTP 400: Code: 53. DB::Exception: type mismatch");
    assertThat(ClickHouseFailures.of(500, "469", "violated")).isInstanceOf(EventSink.Refused.class);
  }

  @Test
  void whatCanHealIsRetried() {
    // too many parts, memory limit, read-only, no access, timeout, no space, wrong password
    for (var code : new String[] {"252", "241", "164", "497", "159", "243", "516"}) {
      assertThat(ClickHouseFailures.of(500, code, "")).isInstanceOf(EventSink.Unavailable.class);
    }
    assertThat(ClickHouseFailures.of(502, null, "<html>a proxy</html>"))
        .isInstanceOf(EventSink.Unavailable.class);
    assertThat(ClickHouseFailures.of(400, null, "")).isInstanceOf(EventSink.Unavailable.class);
    assertThat(ClickHouseFailures.of(200, "nonsense", ""))
        .isInstanceOf(EventSink.Unavailable.class);
  }

  @Test
  void whatAQueryTookItselfIsTooLargeAndWhatOthersTookIsNot() {
    for (var message :
        new String[] {
          "Code: 159. DB::Exception: Timeout exceeded: elapsed 1001 ms",
          "Code: 241. DB::Exception: Query memory limit exceeded: would use 17 MiB"
        }) {
      assertThat(ClickHouseFailures.isTooLarge(new IllegalStateException(message))).isTrue();
      assertThat(
              ClickHouseFailures.isTooLarge(
                  new IllegalStateException("outer", new IllegalStateException(message))))
          .isTrue();
    }
    for (var message :
        new String[] {
          "Code: 241. DB::Exception: (total) memory limit exceeded: would use 25 GiB",
          "Code: 60. DB::Exception: no such table 'Code: 159. '",
          "Connection refused"
        }) {
      assertThat(ClickHouseFailures.isTooLarge(new IllegalStateException(message))).isFalse();
    }
  }

  @Test
  void tablesThatAreGoneAreMissedByTheirCode() {
    assertThat(ClickHouseFailures.isSchemaMissing(ClickHouseFailures.of(404, "60", "no table")))
        .isTrue();
    assertThat(
            ClickHouseFailures.isSchemaMissing(ClickHouseFailures.of(500, "252", "too many parts")))
        .isFalse();
  }
}
