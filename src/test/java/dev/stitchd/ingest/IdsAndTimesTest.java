package dev.stitchd.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdsAndTimesTest {

  private static final int MANY = 20_000;

  @Test
  void idsAreReadAsTheJdkReadsThem() {
    var random = new Random(46);
    for (int i = 0; i < MANY; i++) {
      var id = new UUID(random.nextLong(), random.nextLong());
      assertThat(IdsAndTimes.uuid(id.toString())).isEqualTo(id);
      assertThat(IdsAndTimes.uuid(id.toString().toUpperCase(java.util.Locale.ROOT))).isEqualTo(id);
    }
  }

  @Test
  void idWithAnyOtherCharacterAnywhereIsNone() {
    var id = "0199f3c2-7b1a-7c4d-8e5f-60718293a4b5";
    for (int at = 0; at < id.length(); at++) {
      for (char c : "gG/:@`-. {0\u0130\uff11".toCharArray()) {
        var text = id.substring(0, at) + c + id.substring(at + 1);
        boolean isDash = id.charAt(at) == '-';
        boolean stays = isDash ? c == '-' : c == '0';
        assertThat(IdsAndTimes.uuid(text) != null).as(text).isEqualTo(stays);
      }
    }
    assertThat(IdsAndTimes.uuid(id + "0")).isNull();
    assertThat(IdsAndTimes.uuid("")).isNull();
  }

  @Test
  void timesAreReadAsTheJdkReadsThem() {
    var random = new Random(46);
    for (int i = 0; i < MANY; i++) {
      var time = Instant.ofEpochMilli(random.nextLong(-62_000_000_000_000L, 253_000_000_000_000L));
      var text = time.toString().replaceFirst("(:\\d\\d)Z$", "$1.000Z");
      assertThat(IdsAndTimes.time(text)).as(text).isEqualTo(time);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2024-02-29T00:00:00.000Z",
        "2026-10-15T24:00:00.000Z",
        "2026-10-15t11:59:00.123z",
        "2026-10-15T13:59:00.123+02:00",
        "2026-10-15T11:59:00Z",
        "2026-12-31T23:59:59.999Z",
        "0000-01-01T00:00:00.000Z"
      })
  void otherSpellingsAreReadToo(String text) {
    assertThat(IdsAndTimes.time(text)).isEqualTo(Instant.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-02-29T00:00:00.000Z",
        "2026-13-01T00:00:00.000Z",
        "2026-00-01T00:00:00.000Z",
        "2026-01-00T00:00:00.000Z",
        "2026-04-31T00:00:00.000Z",
        "2026-01-01T25:00:00.000Z",
        "2026-01-01T00:60:00.000Z",
        "2026-01-01T00:00:0x.000Z",
        "2026-01-01T00:00:00.0-0Z",
        "+026-01-01T00:00:00.000Z"
      })
  void whatIsNoTimeIsRefused(String text) {
    assertThatThrownBy(() -> Instant.parse(text)).isInstanceOf(DateTimeParseException.class);
    assertThatThrownBy(() -> IdsAndTimes.time(text)).isInstanceOf(DateTimeParseException.class);
  }
}
