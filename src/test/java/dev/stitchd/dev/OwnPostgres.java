package dev.stitchd.dev;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A PostgreSQL of one's own, which a test can stop, kill and start again: same port, same data.
///
/// A commit that was acknowledged survives [#kill()], as it does in production.
public final class OwnPostgres implements AutoCloseable {

  private static final Duration START_PATIENCE = Duration.ofSeconds(60);

  private final PostgresBinaries binaries = PostgresBinaries.unpacked();
  private final Path folder;
  private final int port;
  private final boolean temporary;
  private final Map<String, String> settings;
  private EngineProcess engine;

  private OwnPostgres(Path folder, int port, boolean temporary, Map<String, String> settings) {
    this.folder = folder;
    this.port = port;
    this.temporary = temporary;
    this.settings = settings;
  }

  /// A new one that runs; its data goes when it is closed.
  public static OwnPostgres started() {
    // The machine may crash: it is only a test. The process may not: commits reach the kernel.
    return started(Map.of("fsync", "off", "full_page_writes", "off"));
  }

  /// A new one for measurements, with PostgreSQL's own defaults: a commit reaches the disk.
  static OwnPostgres startedDurable() {
    return started(Map.of("shared_buffers", "128MB"));
  }

  private static OwnPostgres started(Map<String, String> settings) {
    var postgres =
        new OwnPostgres(OwnFolders.temporary("postgres"), EngineProcess.freePort(), true, settings);
    OwnFolders.closeAtExit(postgres);
    postgres.start();
    return postgres;
  }

  /// One that keeps its data in a folder.
  static OwnPostgres in(Path folder, int port) {
    return new OwnPostgres(folder, port, false, Map.of());
  }

  /// Starts it, first time or again; returns once it answers.
  public synchronized void start() {
    if (!Files.exists(folder.resolve("data/PG_VERSION"))) {
      initialize();
    }
    endLeftover();
    var arguments = new ArrayList<>(List.of("-D", folder.resolve("data").toString()));
    settings().forEach((name, value) -> arguments.addAll(List.of("-c", name + "=" + value)));
    engine =
        EngineProcess.watched(
            "PostgreSQL", binaries.command("postgres", arguments), folder.resolve("postgres.log"));
    engine.awaitReady(START_PATIENCE, this::answers);
  }

  /// Ends it in order: running statements are cancelled, connections closed.
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

  /// A copy of all its data as of now, which does not run; this one is stopped for it and started
  /// again.
  public synchronized OwnPostgres copied() {
    stop();
    var copy =
        new OwnPostgres(OwnFolders.temporary("postgres"), EngineProcess.freePort(), true, settings);
    OwnFolders.closeAtExit(copy);
    Machine.copy(folder.resolve("data"), copy.folder.resolve("data"));
    start();
    return copy;
  }

  /// Starts it with the data of another one that is stopped, in place of its own: a restored
  /// backup, or a fail-over to a server that had less. Same port, so nobody is told.
  public synchronized void startWithDataOf(OwnPostgres other) {
    if (engine != null) {
      kill();
    }
    Machine.delete(folder.resolve("data"));
    Machine.copy(other.folder.resolve("data"), folder.resolve("data"));
    start();
  }

  /// Starts a copy as a standby that streams from the server that it is a copy of.
  public synchronized void follow(OwnPostgres primary) {
    try {
      Files.createFile(folder.resolve("data/standby.signal"));
      Files.writeString(
          folder.resolve("data/postgresql.auto.conf"),
          "primary_conninfo = 'host=127.0.0.1 port=%d user=postgres'%n".formatted(primary.port));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    start();
  }

  /// The database `postgres` of this engine.
  public String url() {
    return "postgresql://postgres:postgres@127.0.0.1:%d/postgres".formatted(port);
  }

  /// Makes a new empty database.
  public StoresDatabase freshDatabase() {
    return Stores.freshDatabase(url());
  }

  @Override
  public synchronized void close() {
    stop();
    if (temporary) {
      OwnFolders.delete(folder);
    }
  }

  private Map<String, String> settings() {
    var all =
        new java.util.TreeMap<>(
            Map.of(
                "port", Integer.toString(port),
                "listen_addresses", "127.0.0.1",
                "unix_socket_directories", "",
                "max_connections", "200",
                "shared_buffers", "64MB",
                "timezone", "UTC",
                "log_timezone", "UTC"));
    all.putAll(settings);
    return all;
  }

  private void initialize() {
    Machine.delete(folder.resolve("data"));
    var arguments =
        new ArrayList<>(
            List.of(
                "-D",
                folder.resolve("data").toString(),
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8"));
    if (temporary) {
      arguments.add("--no-sync");
    }
    try {
      Files.createDirectories(folder);
      var log = folder.resolve("initdb.log");
      var process =
          new ProcessBuilder(binaries.command("initdb", arguments))
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectOutput(log.toFile())
              .start();
      if (process.waitFor() != 0) {
        var said = Machine.tail(log, 10);
        throw said.contains("No space left")
            ? StoreProblem.during("making the database in " + folder, new IOException(said))
            : new StoreProblem("initdb failed: " + said);
      }
    } catch (IOException e) {
      throw StoreProblem.during("Making the database in " + folder, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /// An engine that outlived the JVM that started it (only a watcher killed along with it allows
  /// that) still holds the folder; the file in the folder says which process it is.
  private void endLeftover() {
    pidInFolder()
        .flatMap(ProcessHandle::of)
        .filter(left -> left.info().command().orElse("").endsWith("postgres"))
        .ifPresent(left -> {
          left.destroy();
          left.onExit().join();
        });
  }

  private Optional<Long> pidInFolder() {
    try (var lines = Files.lines(folder.resolve("data/postmaster.pid"))) {
      return lines.findFirst().map(line -> Long.parseLong(line.strip()));
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  private boolean answers() {
    try (var _ =
        DriverManager.getConnection(
            "jdbc:postgresql://127.0.0.1:%d/postgres?connectTimeout=2".formatted(port),
            "postgres",
            "postgres")) {
      return true;
    } catch (SQLException _) {
      return false;
    }
  }
}
