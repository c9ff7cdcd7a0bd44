package dev.stitchd.dev;

import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Volume;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.clickhouse.ClickHouseContainer;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.postgresql.PostgreSQLContainer;

/// Both stores as containers, where a Docker engine answers.
final class DockerStores {

  private static final String POSTGRES = "postgres:18-alpine";
  private static final String CLICKHOUSE = "clickhouse/clickhouse-server:26.7";

  private DockerStores() {}

  /// A running container.
  ///
  /// @param url of a database in it
  record Running(String url, GenericContainer<?> container) {

    void stop() {
      container.stop();
    }
  }

  /// Asks the engine itself; the client program says nothing about one. Quick and quiet, unlike
  /// Testcontainers' own search, which only starts when this has found something.
  static boolean available() {
    var host = System.getenv("DOCKER_HOST");
    try {
      return CompletableFuture.supplyAsync(() -> answers(host)).get(3, TimeUnit.SECONDS)
          && DockerClientFactory.instance().isDockerAvailable();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException _) {
      return false;
    }
  }

  private static boolean answers(String host) {
    if (host != null && host.startsWith("tcp://")) {
      var address = URI.create(host);
      try (var channel =
          SocketChannel.open(new InetSocketAddress(address.getHost(), address.getPort()))) {
        return channel.isConnected();
      } catch (IOException _) {
        return false;
      }
    }
    var socket = Path.of(host == null ? "/var/run/docker.sock" : URI.create(host).getPath());
    return pong(socket)
        || pong(Path.of(System.getProperty("user.home"), ".docker/run/docker.sock"));
  }

  private static boolean pong(Path socket) {
    if (!Files.exists(socket)) {
      return false;
    }
    try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.write(
          ByteBuffer.wrap(
              "GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
      var answer = ByteBuffer.allocate(64);
      channel.read(answer);
      return new String(answer.array(), StandardCharsets.US_ASCII).contains(" 200 ");
    } catch (IOException | UnsupportedOperationException _) {
      return false;
    }
  }

  /// @param volume name of the volume that keeps the data, or the empty string for none
  static Running postgres(String volume) {
    var container =
        new PostgreSQLContainer(POSTGRES)
            .withUsername("stitchd")
            .withPassword("stitchd")
            .withDatabaseName("stitchd")
            .withCommand("postgres", "-c", "max_connections=200");
    keep(container, volume, "/var/lib/postgresql");
    container.start();
    return new Running(
        "postgresql://stitchd:stitchd@%s:%d/stitchd"
            .formatted(container.getHost(), container.getMappedPort(5432)),
        container);
  }

  static Running clickHouse(String volume) {
    var container =
        new ClickHouseContainer(CLICKHOUSE)
            .withUsername("stitchd")
            .withPassword("stitchd")
            .withDatabaseName("stitchd");
    keep(container, volume, "/var/lib/clickhouse");
    container.start();
    return new Running(
        "http://stitchd:stitchd@%s:%d/stitchd"
            .formatted(container.getHost(), container.getMappedPort(8123)),
        container);
  }

  private static void keep(GenericContainer<?> container, String volume, String folder) {
    if (!volume.isEmpty()) {
      container.withCreateContainerCmdModifier(
          create -> create.getHostConfig().withBinds(new Bind(volume, new Volume(folder))));
    }
  }
}
