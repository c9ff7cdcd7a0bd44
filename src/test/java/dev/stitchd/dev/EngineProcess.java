package dev.stitchd.dev;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// A store engine as a child process. It lives in a session of its own, so that Ctrl-C in the
/// terminal reaches the server alone and the engines go after it; and it never outlives this JVM,
/// however that dies: a watcher waits on a pipe that only this JVM holds open.
final class EngineProcess {

  private static final Duration STOP_PATIENCE = Duration.ofSeconds(20);

  // The watcher is orphaned on purpose (double fork): engines mind children they do not know.
  private static final String WATCHED =
      """
      exec 3<&0
      engine=$$
      ( ( cat <&3 >/dev/null; kill -INT "$engine" ) >/dev/null 2>&1 & )
      exec 3<&-
      exec "$@" </dev/null
      """;

  private final String name;
  private final Process process;
  private final Path log;

  private EngineProcess(String name, Process process, Path log) {
    this.name = name;
    this.process = process;
    this.log = log;
  }

  /// Starts a command that stops in order at SIGINT.
  static EngineProcess watched(String name, List<String> command, Path log) {
    var whole = new ArrayList<>(sessionOfItsOwn());
    whole.addAll(List.of("sh", "-c", WATCHED, name));
    whole.addAll(command);
    return start(name, whole, log);
  }

  /// Starts a command that stops in order when its standard input ends, and sees to its session
  /// itself.
  static EngineProcess fedByPipe(String name, List<String> command, Path log) {
    return start(name, command, log);
  }

  private static EngineProcess start(String name, List<String> command, Path log) {
    try {
      Files.createDirectories(log.getParent());
      var process =
          new ProcessBuilder(command)
              .directory(log.getParent().toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start();
      return new EngineProcess(name, process, log);
    } catch (IOException e) {
      throw StoreProblem.during("Starting " + name, e);
    }
  }

  private static List<String> sessionOfItsOwn() {
    if (Machine.onPath("setsid")) {
      return List.of("setsid");
    }
    return Machine.onPath("perl")
        ? List.of("perl", "-MPOSIX", "-e", "POSIX::setsid(); exec @ARGV")
        : List.of();
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /// Waits until the engine answers.
  void awaitReady(Duration patience, BooleanSupplier answers) {
    var deadline = System.nanoTime() + patience.toNanos();
    while (!answers.getAsBoolean()) {
      if (!process.isAlive()) {
        throw new StoreProblem(
            "%s ended while starting (exit code %d); its log %s ends with: %s"
                .formatted(name, process.exitValue(), log, Machine.tail(log, 15)));
      }
      if (System.nanoTime() > deadline) {
        kill();
        throw new StoreProblem(
            "%s did not answer within %d s; its log %s ends with: %s"
                .formatted(name, patience.toSeconds(), log, Machine.tail(log, 15)));
      }
      Machine.sleep(Duration.ofMillis(40));
    }
  }

  /// Ends it in order, by force if that takes too long.
  void stop() {
    try {
      process.getOutputStream().close();
    } catch (IOException _) {
      // already gone
    }
    if (!awaitEnd()) {
      kill();
    }
  }

  /// SIGKILL, as a crash would have it.
  void kill() {
    var children = process.descendants().toList();
    process.destroyForcibly();
    awaitEnd();
    // PostgreSQL's children notice the death of their parent by themselves, but in their own time.
    children.forEach(ProcessHandle::destroyForcibly);
    children.forEach(EngineProcess::awaitEnd);
    try {
      process.getOutputStream().close();
    } catch (IOException _) {
      // the watcher goes with it
    }
  }

  /// [ProcessHandle#onExit()] looks ever more rarely at a process that is not this one's child, and
  /// one that is dead counts as alive until its new parent has noticed; it has no program any more.
  private static void awaitEnd(ProcessHandle child) {
    var deadline = System.nanoTime() + STOP_PATIENCE.toNanos();
    while (child.isAlive() && child.info().command().isPresent()) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("process " + child.pid() + " does not end");
      }
      Machine.sleep(Duration.ofMillis(5));
    }
  }

  private boolean awaitEnd() {
    try {
      return process.waitFor(STOP_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// A port of 127.0.0.1 that nobody listens on right now. Not one of those that the system gives
  /// to connections (from 32768 on Linux, from 49152 elsewhere): a busy machine takes these between
  /// the choice of a port and its use, and while an engine that comes back to its port is down.
  static int freePort() {
    for (int tries = 0; tries < 100; tries++) {
      int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
      try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException _) {
        // taken
      }
    }
    throw new StoreProblem("no free port of 127.0.0.1 was found between 20000 and 32000");
  }
}
