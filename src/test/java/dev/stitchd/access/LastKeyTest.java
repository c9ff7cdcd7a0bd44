package dev.stitchd.access;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LastKeyTest {

  private final LastKey last = new LastKey();

  @Test
  void theSameHeadersAreHashedOnce() {
    var hash = last.hash("Bearer sdk_srv_one", null);
    assertThat(hash).isEqualTo(KeyHash.of("sdk_srv_one"));
    assertThat(last.hash(new String("Bearer sdk_srv_one"), null)).isSameAs(hash);
  }

  @Test
  void anotherKeyOnTheSameConnectionIsAnotherKey() {
    assertThat(last.hash("Bearer sdk_srv_one", null)).isEqualTo(KeyHash.of("sdk_srv_one"));
    assertThat(last.hash("Bearer sdk_srv_two", null)).isEqualTo(KeyHash.of("sdk_srv_two"));
    assertThat(last.hash("Bearer sdk_srv_tw", null)).isEqualTo(KeyHash.of("sdk_srv_tw"));
    assertThat(last.hash(null, "sdk_cli_one")).isEqualTo(KeyHash.of("sdk_cli_one"));
    assertThat(last.hash("Basic sdk_srv_one", "sdk_cli_one")).isEqualTo(KeyHash.of("sdk_cli_one"));
  }

  @Test
  void aRequestWithoutAKeyIsNotTheOneBefore() {
    assertThat(last.hash("Bearer sdk_srv_one", null)).isNotNull();
    assertThat(last.hash(null, null)).isNull();
    assertThat(last.hash("Bearer sat_other", null)).isNull();
    assertThat(last.hash("Bearer sdk_srv_one", null)).isEqualTo(KeyHash.of("sdk_srv_one"));
  }

  @Test
  void longHeadersAreReadAndNotKept() {
    var padding = "x".repeat(Credentials.LONGEST + 1);
    var hash = last.hash("Bearer sdk_srv_one", padding);
    assertThat(hash).isEqualTo(KeyHash.of("sdk_srv_one"));
    assertThat(last.hash("Bearer sdk_srv_one", padding)).isEqualTo(hash).isNotSameAs(hash);
  }
}
