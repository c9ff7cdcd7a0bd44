package dev.stitchd.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class CursorTest {

  private final Cursor cursor = new Cursor("5f3a90c1", 812);

  @Test
  void whatIsWrittenIsReadAgain() {
    assertThat(cursor.text()).isEqualTo("5f3a90c1.812");
    assertThat(Cursor.parse(cursor.text())).isEqualTo(cursor);
    assertThat(cursor.etag()).isEqualTo("\"5f3a90c1.812\"");
    assertThat(Cursor.parseEtag(cursor.etag())).isEqualTo(cursor);
  }

  @Test
  void anEtagThatAProxyHasWeakenedIsStillOurs() {
    assertThat(Cursor.parseEtag("W/\"5f3a90c1.812\"")).isEqualTo(cursor);
    assertThat(Cursor.parseEither("W/\"5f3a90c1.812\"")).isEqualTo(cursor);
    assertThat(Cursor.parseEither("5f3a90c1.812")).isEqualTo(cursor);
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {
        "",
        "812",
        "5f3a90c1",
        "5f3a90c1.",
        "5f3a90c1.-1",
        "5f3a90c1.0812",
        "5F3A90C1.812",
        "5f3a90c1.9999999999999999999",
        "\"5f3a90c1.812",
        "\"\"",
        "W/5f3a90c1.812"
      })
  void nonsenseIsNoCursor(String text) {
    assertThat(Cursor.parse(text)).isNull();
    assertThat(Cursor.parseEtag(text)).isNull();
    assertThat(Cursor.parseEither(text)).isNull();
  }

  @Test
  void placesOfAnotherHistoryCannotBeCompared() {
    assertThat(cursor.isOfHistory(new Cursor("5f3a90c1", 1))).isTrue();
    assertThat(cursor.isOfHistory(new Cursor("00000000", 812))).isFalse();
  }
}
