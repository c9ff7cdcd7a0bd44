package dev.stitchd.dev;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A server that cannot start ends at once and says why in words, as a process of its own.
class RefusedStartIT {

  @TempDir private Path folder;

  @Test
  void aSettingThatIsWrongIsNamedWithWhatItMayBe() throws Exception {
    assertRefused(
        Map.of("STITCHD_STREAM_HEARTBEAT", "0s", "STITCHD_STREAM_PER_KEY", ""),
        "STITCHD_STREAM_HEARTBEAT must be between 1ms and 15s, not 0s.");
  }

  @Test
  void aPostgresThatDoesNotAnswerIsNamed() throws Exception {
    assertRefused(
        Map.of(
            "STITCHD_POSTGRES_URL",
            "postgresql://u:p@127.0.0.1:" + EngineProcess.freePort() + "/none",
            "STITCHD_POSTGRES_START_WAIT",
            "PT1S"),
        "could not be brought up to date: check that it is reachable");
  }

  @Test
  void aPortThatIsTakenIsNamed() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      assertRefused(
          Map.of("STITCHD_HTTP_PORT", Integer.toString(taken.getLocalPort())),
          "Port "
              + taken.getLocalPort()
              + " is in use: stop what listens there, or set STITCHD_HTTP_PORT to another one.");
    }
  }

  private void assertRefused(Map<String, String> settings, String sentence) throws Exception {
    var variables = new HashMap<String, String>();
    variables.put("STITCHD_POSTGRES_URL", Stores.shared().freshPostgres().url());
    variables.put("STITCHD_CLICKHOUSE_URL", Stores.shared().freshClickHouse().url());
    variables.put("STITCHD_HTTP_ADDRESS", "127.0.0.1");
    variables.put("STITCHD_HTTP_PORT", Integer.toString(EngineProcess.freePort()));
    variables.put("STITCHD_DATA_DIR", folder.resolve("data").toString());
    variables.put("STITCHD_DRAIN", "PT1S");
    variables.put("STITCHD_WARMUP_TIME", "0s");
    variables.putAll(settings);
    var out = folder.resolve("out");
    var builder =
        new ProcessBuilder(command()).redirectErrorStream(true).redirectOutput(out.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("STITCHD_"));
    builder.environment().putAll(variables);
    var process = builder.start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(Machine.tail(out, 20)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    var said = Files.readString(out);
    assertThat(process.exitValue()).as(said).isEqualTo(1);
    assertThat(said).containsOnlyOnce(sentence).doesNotContain("\tat ", "Exception");
  }

  private static List<String> command() {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("dev.stitchd.StitchdApplication");
    return command;
  }
}
