package dev.stitchd.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PostgresAddressTest {

  @Test
  void aUrlIsTakenApart() {
    var address =
        PostgresAddress.parse(
            "postgresql://app%40x:p%3Aw%2Fd+1@db.example:6543/flags?sslmode=require");
    assertThat(address)
        .isEqualTo(
            new PostgresAddress(
                "db.example", 6543, "flags", "app@x", "p:w/d+1", Map.of("sslmode", "require")));
    assertThat(address.jdbcUrl())
        .isEqualTo(
            "jdbc:postgresql://db.example:6543/flags?preferQueryMode=simple&connectTimeout=10&socketTimeout=600&tcpKeepAlive=true&sslmode=require");
    assertThat(PostgresAddress.parse("postgres://u@h/d").port()).isEqualTo(5432);
  }

  @Test
  void aMissingUrlSaysWhatToDo() {
    assertThatThrownBy(() -> PostgresAddress.parse(null))
        .hasMessageContaining("STITCHD_POSTGRES_URL")
        .hasMessageContaining("mvn spring-boot:test-run");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost:5432",
        "mysql://u:secret@h/d",
        "postgresql://h/d",
        "postgresql://u:secret@h",
        "postgresql://u:se cret@h/d"
      })
  void aWrongUrlSaysWhatItMustLookLikeAndNeverRepeatsThePassword(String url) {
    assertThatThrownBy(() -> PostgresAddress.parse(url))
        .isInstanceOf(RuntimeException.class)
        .hasMessageContaining("postgresql://user:password@host:port/database")
        .message()
        .doesNotContain("secret", "se cret");
  }
}
