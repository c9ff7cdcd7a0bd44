package dev.stitchd.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.LoggerFactory;

@Isolated("what others log would be found here")
class LoggedSecretsTest {

  private static final String RANDOM = "abcdefghij0123456789ABCDEFGHIJ";

  @BeforeEach
  @AfterEach
  void nothingIsLeft() {
    assertThat(LoggedSecrets.found()).isEmpty();
  }

  @Test
  void aSecretThatIsLoggedFailsTheClass() {
    for (var secret :
        List.of(
            "sdk_srv_" + RANDOM,
            "sdk_cli_" + RANDOM,
            "sat_" + RANDOM,
            Server.TOKEN,
            "postgresql://host/db?user=a&password=b",
            "Authorization: Bearer x",
            "authorization:Bearer x")) {
      LoggerFactory.getLogger(LoggedSecretsTest.class).info("here is {}", secret);
      assertThatThrownBy(() -> new LoggedSecrets.Check().afterAll(null))
          .as(secret)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("here is ")
          .hasMessageNotContaining(RANDOM);
    }
  }

  @Test
  void aSecretInAStackIsFoundToo() {
    var cause = new IllegalStateException("refused sat_" + RANDOM);
    LoggerFactory.getLogger(LoggedSecretsTest.class).warn("failed", new RuntimeException(cause));
    assertThat(LoggedSecrets.found()).isNotEmpty();
  }

  @Test
  void whatAProcessWroteIsLookedThrough(@TempDir Path folder) throws Exception {
    var log = Files.writeString(folder.resolve("server.log"), "one\nkey sdk_srv_" + RANDOM + "\n");
    LoggedSecrets.lookThrough(log);
    assertThat(LoggedSecrets.found()).containsExactly("key <a secret>");
  }

  @Test
  void whatIsNoSecretIsNotFoundNorWhatIsShownByDesign() {
    for (var line :
        List.of(
            "the prefix sat_ alone, or sdk_srv_…",
            "a password is wrong",
            "INFO A first API token was made, for the platform's administrator. It is shown only here: sat_"
                + RANDOM)) {
      assertThat(LoggedSecrets.secretIn(line)).as(line).isNull();
    }
  }
}
