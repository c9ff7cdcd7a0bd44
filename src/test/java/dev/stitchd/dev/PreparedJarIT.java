package dev.stitchd.dev;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// The packaged jar's command line, with the JVM that runs the tests.
@LongRunning
class PreparedJarIT {

  private static final Duration PATIENCE = Duration.ofSeconds(120);

  @TempDir Path folder;

  @Test
  void helpNamesTheCommandsAndTheSettingsThatAServerNeeds() throws Exception {
    var help = run("--help");

    assertThat(help.exitCode()).isZero();
    assertThat(help.text()).contains("prepare", "STITCHD_POSTGRES_URL", "STITCHD_CLICKHOUSE_URL");
  }

  @Test
  void anUnknownCommandIsRefusedWithHelp() throws Exception {
    var refused = run("serve");

    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.text()).contains("There is no command 'serve'", "prepare");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aPreparedJarBecomesThePreparedProgramInTheSameProcess() throws Exception {
    var jar = Files.copy(PackagedJarIT.jar(), folder.resolve("server.jar"));
    var untouched = Stores.shared().freshPostgres();
    var prepared =
        run(
            jar,
            "prepare",
            Map.of(
                "STITCHD_POSTGRES_URL", untouched.url(),
                "STITCHD_TLS_CERTIFICATE", "nowhere.pem",
                "STITCHD_MANAGEMENT_PORT", "1"));
    assertThat(prepared.exitCode()).as(prepared.text()).isZero();
    assertThat(
            StoreUrl.of(untouched.url())
                .query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
        .containsExactly("0");
    assertThat(Files.readString(folder.resolve("server.prepared/prepare.log")))
        .doesNotContain("sat_");

    int port = EngineProcess.freePort();
    var server =
        process(
            Map.of(
                "STITCHD_POSTGRES_URL",
                Stores.shared().freshPostgres().url(),
                "STITCHD_CLICKHOUSE_URL",
                Stores.shared().freshClickHouse().url(),
                "STITCHD_HTTP_PORT",
                Integer.toString(port),
                "STITCHD_HTTP_ADDRESS",
                "127.0.0.1",
                "STITCHD_GRPC_PORT",
                "0",
                "STITCHD_GRPC_ADDRESS",
                "127.0.0.1",
                "STITCHD_DATA_DIR",
                folder.resolve("data").toString(),
                "STITCHD_DRAIN",
                "PT1S"),
            List.of("-jar", jar.toString()));
    try {
      awaitReady(server, port);
      assertThat(Files.readString(Path.of("/proc/" + server.pid() + "/cmdline")))
          .contains("-XX:AOTCache=" + folder.resolve("server.prepared"));
      server.destroy();
      assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(server.exitValue()).isEqualTo(143); // SIGTERM reached the server itself
    } finally {
      server.destroyForcibly();
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFolderThatIsIncompleteIsNotEnteredAndTold() throws Exception {
    var jar = Files.copy(PackagedJarIT.jar(), folder.resolve("server.jar"));
    Files.createDirectory(folder.resolve("server.prepared"));
    var started = process(Map.of(), List.of("-jar", jar.toString())); // no store is named
    assertThat(started.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readString(folder.resolve("out")))
        .contains(
            "server.prepared, which is incomplete or was made of another jar: run prepare again",
            "Stitchd needs PostgreSQL");
  }

  private void awaitReady(Process server, int port) {
    var http = Http.at("http://127.0.0.1:" + port);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!isReady(http)) {
      assertThat(server.isAlive()).as(Machine.tail(folder.resolve("out"), 20)).isTrue();
      assertThat(System.nanoTime()).isLessThan(deadline);
      Machine.sleep(Duration.ofMillis(50));
    }
  }

  private static boolean isReady(Http http) {
    try {
      return http.get("/health/ready").status() == 200;
    } catch (IllegalStateException _) {
      return false; // nobody listens yet
    }
  }

  private record Ended(int exitCode, String text) {}

  private Ended run(String argument) throws IOException, InterruptedException {
    return run(PackagedJarIT.jar(), argument);
  }

  private Ended run(Path jar, String argument) throws IOException, InterruptedException {
    return run(jar, argument, Map.of());
  }

  private Ended run(Path jar, String argument, Map<String, String> variables)
      throws IOException, InterruptedException {
    var process = process(variables, List.of("-jar", jar.toString(), argument));
    assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    return new Ended(process.exitValue(), Files.readString(folder.resolve("out")));
  }

  private Process process(Map<String, String> variables, List<String> arguments)
      throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(arguments);
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(folder.resolve("out").toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("STITCHD_"));
    builder.environment().putAll(variables);
    return builder.start();
  }
}
