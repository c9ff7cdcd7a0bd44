package dev.stitchd.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@Timeout(60)
class ScriptProcessTest {

  private static final Duration SOON = Duration.ofSeconds(30);

  private static final class Shell extends ScriptProcess {
    private Shell(String script) throws IOException {
      super(List.of("sh", "-c", script));
    }
  }

  @Test
  void aLineThatOnlyBeginsAsJsonIsNotTheEnd() throws IOException {
    try (var script = new Shell("echo '{ level: 1 }'; echo '{\"a\":1}'; read _")) {
      assertThat(script.await(said -> said.has("a"), SOON).path("a").asInt()).isEqualTo(1);
      assertThat(script.said()).hasSize(1);
    }
  }

  @Test
  void whoWaitsForAScriptThatHasEndedIsToldAtOnceWhatItSaid() throws IOException {
    try (var script = new Shell("echo out of memory")) {
      assertThatThrownBy(() -> script.await(JsonNode::isObject, Duration.ofMinutes(10)))
          .hasMessageContaining("before the script ended")
          .hasMessageContaining("out of memory");
    }
  }

  @Test
  void aFolderIsAnotherOnceAFileInItIs(@TempDir Path folder) throws IOException {
    Files.createDirectories(folder.resolve("messages"));
    Files.writeString(folder.resolve("messages/a.go"), "a");
    var before = ScriptProcess.fingerprint(folder);
    assertThat(ScriptProcess.fingerprint(folder)).isEqualTo(before);
    Files.writeString(folder.resolve("messages/a.go"), "b");
    assertThat(ScriptProcess.fingerprint(folder)).isNotEqualTo(before);
  }
}
