package dev.stitchd.dev;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// A ClickHouse of one's own, which a test can stop, kill and start again: same port, same data. It
/// is the `clickhouse` on the PATH if there is one (24.8 or newer), else the embedded engine.
public final class OwnClickHouse implements AutoCloseable {

  private static final Duration START_PATIENCE = Duration.ofSeconds(60);

  private final Path folder;
  private final int port;
  private final int nativePort = EngineProcess.freePort();
  private final boolean temporary;
  private EngineProcess engine;

  private OwnClickHouse(Path folder, int port, boolean temporary) {
    this.folder = folder;
    this.port = port;
    this.temporary = temporary;
  }

  /// A new one that runs; its data goes when it is closed.
  public static OwnClickHouse started() {
    var clickHouse =
        new OwnClickHouse(OwnFolders.temporary("clickhouse"), EngineProcess.freePort(), true);
    OwnFolders.closeAtExit(clickHouse);
    clickHouse.start();
    return clickHouse;
  }

  /// One that keeps its data in a folder.
  static OwnClickHouse in(Path folder, int port) {
    return new OwnClickHouse(folder, port, false);
  }

  /// Starts it, first time or again; returns once it answers.
  public synchronized void start() {
    try {
      Files.createDirectories(folder.resolve("data"));
    } catch (IOException e) {
      throw StoreProblem.during("Making the folder " + folder, e);
    }
    engine = InstalledClickHouse.usable() ? installed() : embedded();
    engine.awaitReady(START_PATIENCE, this::answers);
  }

  /// Ends it in order.
  public synchronized void stop() {
    if (engine != null) {
      engine.stop();
      engine = null;
    }
  }

  /// SIGKILL.
  public synchronized void kill() {
    engine.kill();
    engine = null;
  }

  /// The database `default` of this engine.
  public String url() {
    return "http://default@127.0.0.1:%d/default".formatted(port);
  }

  /// Makes a new empty database.
  public StoresDatabase freshDatabase() {
    return Stores.freshDatabase(url());
  }

  /// One whose data goes is killed: to end in order, it would first write down what nobody reads.
  @Override
  public synchronized void close() {
    if (!temporary) {
      stop();
      return;
    }
    if (engine != null) {
      kill();
    }
    OwnFolders.delete(folder);
  }

  private EngineProcess installed() {
    return EngineProcess.watched(
        "ClickHouse",
        InstalledClickHouse.command(folder, port, nativePort),
        folder.resolve("clickhouse.log"));
  }

  private EngineProcess embedded() {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-cp",
                ownClasses(),
                ChdbProcess.class.getName(),
                ChdbLibrary.file().toString()));
    command.addAll(
        List.of(
            "clickhouse",
            "--path=" + folder.resolve("data"),
            "--listen_host=127.0.0.1",
            "--http_port=" + port,
            "--tcp_port=" + nativePort,
            "--input-format=LineAsString",
            "--query=SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; SELECT count() FROM table"));
    return EngineProcess.fedByPipe("ClickHouse", command, folder.resolve("clickhouse.log"));
  }

  private static String ownClasses() {
    try {
      return Path.of(ChdbProcess.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .toString();
    } catch (java.net.URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private boolean answers() {
    var ping =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/ping".formatted(port)))
            .timeout(Duration.ofSeconds(2))
            .build();
    // A connection left open would make the engine wait 5 s for it when it stops.
    try (var http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build()) {
      return http.send(ping, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException _) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
