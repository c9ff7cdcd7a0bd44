package dev.stitchd.dev;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/// Debian's PgBouncer before a PostgreSQL, as a child process on a free port of 127.0.0.1 with a
/// folder of its own.
public final class PgBouncer implements AutoCloseable {

  private static final String MISSING =
      "PgBouncer is missing, so nothing is tried through a pooler: install it (apt-get install pgbouncer), or unpack"
          + " it into the cache folder (sh .ci/pgbouncer), or name its program in STITCHD_PGBOUNCER";

  private final EngineProcess process;
  private final Path folder;
  private final int port;

  private PgBouncer(EngineProcess process, Path folder, int port) {
    this.process = process;
    this.folder = folder;
    this.port = port;
  }

  /// Starts it. Where there is no PgBouncer, the calling test is skipped and says what to install;
  /// on CI it fails.
  ///
  /// @param postgres URL of any database of the server; its user is let in without a password
  /// @param settings lines of its section `[pgbouncer]`
  public static PgBouncer before(String postgres, String... settings) {
    var program = program();
    if (program.isEmpty() && System.getenv("CI") != null) {
      throw new AssertionError(MISSING);
    }
    Assumptions.assumeTrue(program.isPresent(), MISSING);
    var folder = OwnFolders.temporary("pgbouncer");
    int port = EngineProcess.freePort();
    write(folder, postgres, port, settings);
    var process =
        EngineProcess.watched(
            "PgBouncer", command(program.get(), folder), folder.resolve("pgbouncer.log"));
    var pooler = new PgBouncer(process, folder, port);
    OwnFolders.closeAtExit(pooler);
    process.awaitReady(Duration.ofSeconds(10), pooler::listens);
    return pooler;
  }

  /// The same database through it.
  public String url(String postgres) {
    var direct = URI.create(postgres);
    return "postgresql://%s@127.0.0.1:%d%s"
        .formatted(direct.getRawUserInfo(), port, direct.getRawPath());
  }

  /// It waits for its clients if it is asked to stop.
  @Override
  public void close() {
    process.kill();
    Machine.delete(folder);
  }

  /// It refuses to run as root, so root runs it in a user namespace where it is nobody in
  /// particular.
  private static List<String> command(Path program, Path folder) {
    var command = new ArrayList<String>();
    if (System.getProperty("user.name").equals("root")) {
      command.addAll(List.of("unshare", "-U"));
    }
    command.addAll(List.of("env", "LD_LIBRARY_PATH=" + libraries(program), program.toString()));
    command.add(folder.resolve("pgbouncer.ini").toString());
    return command;
  }

  /// Beside the program, if it was unpacked.
  private static String libraries(Path program) {
    try (var folders = Files.list(program.resolveSibling("../lib").normalize())) {
      return folders
          .map(Path::toString)
          .filter(name -> name.contains("-linux-gnu"))
          .findAny()
          .orElse("");
    } catch (IOException _) {
      return "";
    }
  }

  private static Optional<Path> program() {
    var named = System.getenv("STITCHD_PGBOUNCER");
    return Stream.of(
            named == null ? "" : named,
            Machine.cache().resolve("pgbouncer/usr/sbin/pgbouncer").toString(),
            "/usr/sbin/pgbouncer",
            "/usr/bin/pgbouncer",
            "/usr/local/bin/pgbouncer",
            "/opt/homebrew/bin/pgbouncer")
        .filter(path -> !path.isEmpty())
        .map(Path::of)
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static void write(Path folder, String postgres, int port, String... settings) {
    var direct = URI.create(postgres);
    var user = direct.getUserInfo().split(":", 2);
    var users = folder.resolve("users.txt");
    try {
      Files.writeString(
          users, "\"%s\" \"%s\"%n".formatted(user[0], user.length > 1 ? user[1] : ""));
      Files.writeString(
          folder.resolve("pgbouncer.ini"),
          """
          [databases]
          * = host=%s port=%d
          [pgbouncer]
          listen_addr = 127.0.0.1
          listen_port = %d
          unix_socket_dir =
          auth_type = trust
          auth_file = %s
          max_client_conn = 200
          %s
          """
              .formatted(
                  direct.getHost(), direct.getPort(), port, users, String.join("\n", settings)));
    } catch (IOException e) {
      throw StoreProblem.during("Writing PgBouncer's configuration", e);
    }
  }

  private boolean listens() {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", port), 200);
      return true;
    } catch (IOException _) {
      return false;
    }
  }
}
