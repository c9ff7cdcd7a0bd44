package dev.stitchd.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A server that cannot start ends at once and says why in words, as a process of its own.
@LongRunning
class RefusedStartIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

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
  void aStartThatWaitsForPostgresSaysSoAndEndsWhenItIsTold() throws Exception {
    var out = folder.resolve("out");
    var process =
        start(
            Map.of(
                "STITCHD_POSTGRES_URL",
                "postgresql://u:p@127.0.0.1:" + EngineProcess.freePort() + "/none",
                "STITCHD_POSTGRES_START_WAIT",
                "PT5M"));
    try {
      await()
          .atMost(PATIENCE)
          .until(() -> Files.readString(out).contains("waits for it for up to"));
      process.destroy();
      assertThat(process.waitFor(Patience.SOON.toSeconds(), TimeUnit.SECONDS))
          .as(Machine.tail(out, 20))
          .isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).isEqualTo(143);
    assertThat(Files.readString(out)).doesNotContain("\tat ");
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

  @Test
  void aPortForGrpcThatIsTakenIsNamed() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      assertRefused(
          Map.of("STITCHD_GRPC_PORT", Integer.toString(taken.getLocalPort())),
          "gRPC cannot listen on 127.0.0.1, port "
              + taken.getLocalPort()
              + ": stop what listens there, or set STITCHD_GRPC_PORT to another one, -1 for no gRPC.");
    }
  }

  private void assertRefused(Map<String, String> settings, String sentence) throws Exception {
    var out = folder.resolve("out");
    var process = start(settings);
    try {
      assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
          .as(Machine.tail(out, 20))
          .isTrue();
    } finally {
      process.destroyForcibly();
    }
    var said = Files.readString(out);
    assertThat(process.exitValue()).as(said).isEqualTo(1);
    assertThat(said).containsOnlyOnce(sentence).doesNotContain("\tat ");
    // a busy machine may make it warn of something else meanwhile
    assertThat(said.lines().filter(line -> !line.contains(" WARN ")))
        .noneMatch(line -> line.contains("Exception"));
  }

  private Process start(Map<String, String> settings) throws IOException {
    var variables = new HashMap<String, String>();
    variables.put("STITCHD_POSTGRES_URL", Stores.shared().freshPostgres().url());
    variables.put("STITCHD_CLICKHOUSE_URL", Stores.shared().freshClickHouse().url());
    variables.put("STITCHD_HTTP_ADDRESS", "127.0.0.1");
    variables.put("STITCHD_HTTP_PORT", Integer.toString(EngineProcess.freePort()));
    variables.put("STITCHD_GRPC_ADDRESS", "127.0.0.1");
    variables.put("STITCHD_GRPC_PORT", "0");
    variables.put("STITCHD_DATA_DIR", folder.resolve("data").toString());
    variables.put("STITCHD_DRAIN", "PT1S");
    variables.put("STITCHD_WARMUP_TIME", "0s");
    variables.putAll(settings);
    var builder =
        new ProcessBuilder(command())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("out").toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("STITCHD_"));
    builder.environment().putAll(variables);
    return builder.start();
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
