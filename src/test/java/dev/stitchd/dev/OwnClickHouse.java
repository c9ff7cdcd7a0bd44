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
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// A ClickHouse of one's own, which a test can stop, kill and start again: same port, same data. It
/// is the `clickhouse` on the PATH if there is one (24.8 or newer), else the embedded engine.
public final class OwnClickHouse implements AutoCloseable {

  private static final Duration START_PATIENCE = Duration.ofSeconds(60);

  private final Path folder;
  private final String host;
  private final int port;
  private final int nativePort;
  private final boolean temporary;

  /// Empty for a single server.
  private final String cluster;

  private EngineProcess engine;

  private OwnClickHouse(
      Path folder, String host, int port, int nativePort, boolean temporary, String cluster) {
    this.folder = folder;
    this.host = host;
    this.port = port;
    this.nativePort = nativePort;
    this.cluster = cluster;
    this.temporary = temporary;
  }

  /// A new one that runs; its data goes when it is closed.
  public static OwnClickHouse started() {
    var clickHouse =
        new OwnClickHouse(
            OwnFolders.temporary("clickhouse"),
            "127.0.0.1",
            EngineProcess.freePort(),
            EngineProcess.freePort(),
            true,
            "");
    OwnFolders.closeAtExit(clickHouse);
    clickHouse.start();
    return clickHouse;
  }

  /// New embedded engines that run, each one a shard of the cluster `cluster`, at addresses of
  /// their own (127.0.0.1, 127.0.0.2 …, which Linux has) and the same ports.
  public static List<OwnClickHouse> startedShards(int shards) {
    int port = EngineProcess.freePort();
    int nativePort = EngineProcess.freePort();
    var hosts = IntStream.rangeClosed(1, shards).mapToObj(i -> "127.0.0." + i).toList();
    var cluster =
        hosts.stream()
            .map(host ->
                "<shard><internal_replication>true</internal_replication><replica><host>%s</host><port>%d</port></replica></shard>"
                    .formatted(host, nativePort))
            .collect(
                Collectors.joining(
                    "",
                    "<clickhouse><remote_servers><cluster>",
                    "</cluster></remote_servers></clickhouse>"));
    var all = new ArrayList<OwnClickHouse>();
    for (var host : hosts) {
      var one =
          new OwnClickHouse(
              OwnFolders.temporary("clickhouse"), host, port, nativePort, true, cluster);
      OwnFolders.closeAtExit(one);
      one.start();
      all.add(one);
    }
    return all;
  }

  /// One that keeps its data in a folder.
  static OwnClickHouse in(Path folder, int port) {
    return new OwnClickHouse(folder, "127.0.0.1", port, EngineProcess.freePort(), false, "");
  }

  /// Starts it, first time or again; returns once it answers.
  public synchronized void start() {
    try {
      Files.createDirectories(folder.resolve("data"));
    } catch (IOException e) {
      throw StoreProblem.during("Making the folder " + folder, e);
    }
    engine = cluster.isEmpty() && InstalledClickHouse.usable() ? installed() : embedded();
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
    return "http://default@%s:%d/default".formatted(host, port);
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
            "--config-file=" + configuration(),
            "--path=" + folder.resolve("data"),
            "--listen_host=" + host,
            "--http_port=" + port,
            "--tcp_port=" + nativePort,
            "--input-format=LineAsString",
            "--query=SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; SELECT count() FROM table"));
    return EngineProcess.fedByPipe("ClickHouse", command, folder.resolve("clickhouse.log"));
  }

  private Path configuration() {
    try {
      return Files.writeString(
          folder.resolve("engine.xml"), cluster.isEmpty() ? "<clickhouse/>" : cluster);
    } catch (IOException e) {
      throw StoreProblem.during("Writing the engine's configuration", e);
    }
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
        HttpRequest.newBuilder(URI.create("http://%s:%d/ping".formatted(host, port)))
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
