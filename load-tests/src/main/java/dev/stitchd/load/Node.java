package dev.stitchd.load;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// A server that a measurement ends and starts again.
final class Node {

  private static final Duration PATIENCE = Duration.ofSeconds(120);

  private final String url;
  private final String restart;
  private long pid;

  /// @param url where it listens
  /// @param pid its process
  /// @param restart a command that starts it again, in the background, and prints its process
  Node(String url, long pid, String restart) {
    if (restart.isEmpty() || pid == 0) {
      throw new IllegalArgumentException(
          "needed: the process of a server, and a command that starts it again and prints its process");
    }
    this.url = url;
    this.pid = pid;
    this.restart = restart;
  }

  Address address() {
    return Address.of(url);
  }

  /// As SIGKILL does.
  void kill() throws InterruptedException {
    end(true);
  }

  /// As SIGTERM does; waits for the end.
  void stop() throws InterruptedException {
    end(false);
  }

  /// Waits until it is ready.
  ServerProcess start() throws IOException, InterruptedException {
    var starting =
        new ProcessBuilder("bash", "-c", restart)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    pid = Long.parseLong(starting.inputReader().readLine().strip());
    await("start", this::isReady);
    return new ServerProcess(pid);
  }

  private void end(boolean forcibly) throws InterruptedException {
    var process = ProcessHandle.of(pid).orElseThrow();
    var _ = forcibly ? process.destroyForcibly() : process.destroy();
    await("end", () -> !process.isAlive());
  }

  private boolean isReady() {
    try {
      var asked = (HttpURLConnection) URI.create(url + "/health/ready").toURL().openConnection();
      return asked.getResponseCode() == 200;
    } catch (IOException _) {
      return false;
    }
  }

  private static void await(String what, BooleanSupplier holds) throws InterruptedException {
    var deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("the server did not " + what + " within " + PATIENCE);
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }
}
