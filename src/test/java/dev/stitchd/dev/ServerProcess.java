package dev.stitchd.dev;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A whole server as a process of its own, which a test can kill and start again on the same port
/// and with the same data. Ends with this JVM. Blocks; for ordinary threads.
public final class ServerProcess implements AutoCloseable {

  private static final Duration START_PATIENCE = Duration.ofSeconds(60);

  private final Path folder = OwnFolders.temporary("server-process");
  private final int port = EngineProcess.freePort();
  private final int grpcPort = EngineProcess.freePort();
  private final Map<String, String> variables = new TreeMap<>();
  private EngineProcess process;

  private ServerProcess(Map<String, String> variables) {
    this.variables.putAll(variables);
  }

  /// A server on given databases that answers.
  ///
  /// @param settings environment variables; they win over this class's own
  public static ServerProcess on(String postgres, String clickHouse, Map<String, String> settings) {
    var variables = new TreeMap<String, String>();
    variables.put("STITCHD_POSTGRES_URL", postgres);
    variables.put("STITCHD_CLICKHOUSE_URL", clickHouse);
    variables.put("STITCHD_BOOTSTRAP_TOKEN", Server.TOKEN);
    variables.put("STITCHD_HTTP_ADDRESS", "127.0.0.1");
    variables.put("STITCHD_GRPC_ADDRESS", "127.0.0.1");
    variables.put("STITCHD_DRAIN", "PT1S");
    variables.put("STITCHD_WARMUP_TIME", "0s");
    variables.putAll(settings);
    var server = new ServerProcess(variables);
    server.variables.put("STITCHD_HTTP_PORT", Integer.toString(server.port));
    server.variables.put("STITCHD_GRPC_PORT", Integer.toString(server.grpcPort));
    server.variables.putIfAbsent("STITCHD_DATA_DIR", server.folder.resolve("data").toString());
    OwnFolders.closeAtExit(server);
    server.start();
    return server;
  }

  /// Starts it, first time or again; returns once it is ready.
  public synchronized void start() {
    var command = new ArrayList<>(List.of("env"));
    variables.forEach((name, value) -> command.add(name + "=" + value));
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            "dev.stitchd.StitchdApplication"));
    process = EngineProcess.watched("Stitchd", command, folder.resolve("server.log"));
    process.awaitReady(START_PATIENCE, this::isReady);
  }

  private boolean isReady() {
    try {
      return http().get("/health/ready").status() == 200;
    } catch (IllegalStateException _) {
      return false; // nobody listens yet
    }
  }

  /// Of the process that runs now.
  public synchronized long pid() {
    return process.pid();
  }

  /// SIGSTOP: it stands still until [#resume], as a virtual machine that is moved.
  public synchronized void suspend() {
    signal("STOP");
  }

  public synchronized void resume() {
    signal("CONT");
  }

  private void signal(String name) {
    try {
      var sent = new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start();
      if (sent.waitFor() != 0) {
        throw new IllegalStateException("kill -" + name + " failed");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /// SIGKILL.
  public synchronized void kill() {
    process.kill();
    process = null;
  }

  public String url() {
    return "http://127.0.0.1:" + port;
  }

  /// Where it speaks gRPC.
  public int grpcPort() {
    return grpcPort;
  }

  public Http http() {
    return Http.at(url());
  }

  public Admin admin() {
    return Admin.at(url(), Server.TOKEN);
  }

  @Override
  public synchronized void close() {
    if (process != null) {
      process.kill();
      process = null;
    }
    LoggedSecrets.lookThrough(folder.resolve("server.log"));
    Machine.delete(folder);
  }
}
