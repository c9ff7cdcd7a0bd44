package dev.stitchd.dev;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/// Debian's nginx in front of a server, as a child process on a free port of 127.0.0.1 with a
/// folder of its own; whatever nginx the machine runs otherwise is left alone.
public final class Nginx implements AutoCloseable {

  private static final String MISSING =
      "nginx is missing, so nothing is tried through a proxy: install it (apt-get install nginx-light), or unpack"
          + " it into the cache folder (sh .ci/nginx), or name its program in STITCHD_NGINX";

  private final EngineProcess process;
  private final Path folder;
  private final int port;

  private Nginx(EngineProcess process, Path folder, int port) {
    this.process = process;
    this.folder = folder;
    this.port = port;
  }

  /// Starts it. Where there is no nginx, the calling test is skipped and says what to install; on
  /// CI it fails.
  ///
  /// @param location what stands in `location / { … }`
  public static Nginx before(String location) {
    var program = program();
    if (program.isEmpty() && System.getenv("CI") != null) {
      throw new AssertionError(MISSING);
    }
    Assumptions.assumeTrue(program.isPresent(), MISSING);
    var folder = OwnFolders.temporary("nginx");
    int port = EngineProcess.freePort();
    var configuration = write(folder, configuration(port, location));
    var process =
        EngineProcess.watched(
            "nginx",
            List.of(
                program.get().toString(),
                "-p",
                folder.toString(),
                "-c",
                configuration.toString(),
                "-e",
                folder.resolve("error.log").toString()),
            folder.resolve("nginx.log"));
    var nginx = new Nginx(process, folder, port);
    process.awaitReady(Duration.ofSeconds(10), nginx::listens);
    return nginx;
  }

  /// `http://127.0.0.1:port`
  public String url() {
    return "http://127.0.0.1:" + port;
  }

  /// What it logged of requests.
  public String accessLog() {
    return read(folder.resolve("access.log"));
  }

  @Override
  public void close() {
    process.stop();
    Machine.delete(folder);
  }

  private static Optional<Path> program() {
    var named = System.getenv("STITCHD_NGINX");
    return Stream.of(
            named == null ? "" : named,
            Machine.cache().resolve("nginx/usr/sbin/nginx").toString(),
            "/usr/sbin/nginx",
            "/usr/bin/nginx",
            "/usr/local/sbin/nginx",
            "/usr/local/bin/nginx",
            "/opt/homebrew/bin/nginx")
        .filter(path -> !path.isEmpty())
        .map(Path::of)
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static String configuration(int port, String location) {
    var user = System.getProperty("user.name").equals("root") ? "user root;" : "";
    return """
    %s
    daemon off;
    worker_processes 1;
    pid nginx.pid;
    events { worker_connections 256; }
    http {
      access_log access.log;
      client_body_temp_path body;
      proxy_temp_path proxy;
      fastcgi_temp_path fastcgi;
      scgi_temp_path scgi;
      uwsgi_temp_path uwsgi;
      server {
        listen 127.0.0.1:%d;
        location / {
          %s
        }
      }
    }
    """
        .formatted(user, port, location);
  }

  private static Path write(Path folder, String configuration) {
    try {
      return Files.writeString(folder.resolve("nginx.conf"), configuration);
    } catch (IOException e) {
      throw StoreProblem.during("Writing nginx's configuration", e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw StoreProblem.during("Reading " + file, e);
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
