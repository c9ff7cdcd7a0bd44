package dev.stitchd.dev;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A script of `src/test/node` as a child process that says what it does, one JSON object a line.
/// Its packages are installed once into the cache folder, as `package-lock.json` pins them.
public final class NodeScript implements AutoCloseable {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Path SOURCES = Path.of("src/test/node");

  private final Process process;
  private final List<JsonNode> said = new ArrayList<>();
  private final List<String> other = new ArrayList<>();
  private int seen;

  private NodeScript(Process process) {
    this.process = process;
  }

  /// Starts a script.
  ///
  /// @throws StoreProblem if Node.js or npm is missing, or the packages cannot be installed
  public static NodeScript run(String script, String... arguments) {
    if (!Machine.onPath("node") || !Machine.onPath("npm")) {
      throw new StoreProblem(
          "Node.js 20 with npm is missing, which runs the real web provider: install both (Debian: apt-get install"
              + " nodejs npm) and run the tests again.");
    }
    var home = installed();
    try {
      var copy = Files.createTempFile(home, "run-", "-" + script);
      Files.copy(SOURCES.resolve(script), copy, StandardCopyOption.REPLACE_EXISTING);
      var command = new ArrayList<>(List.of("node", copy.toString()));
      command.addAll(List.of(arguments));
      var node = new NodeScript(new ProcessBuilder(command).redirectErrorStream(true).start());
      Thread.ofPlatform().daemon().name("node").start(node::read);
      node.process.onExit().thenRun(() -> copy.toFile().delete());
      return node;
    } catch (IOException e) {
      throw StoreProblem.during("Starting node", e);
    }
  }

  /// Everything it has said.
  public synchronized List<JsonNode> said() {
    return List.copyOf(said);
  }

  /// Waits for the first thing said that fits, looking only past what the last call answered.
  ///
  /// @throws AssertionError if it does not come in time
  public synchronized JsonNode await(Predicate<JsonNode> fits, Duration patience) {
    var deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      while (seen < said.size()) {
        var next = said.get(seen++);
        if (fits.test(next)) {
          return next;
        }
      }
      var left = Duration.ofNanos(deadline - System.nanoTime());
      if (!left.isPositive()) {
        throw new AssertionError(
            "It was not said in time; said was %s, and besides: %s".formatted(said, other));
      }
      try {
        wait(Math.max(1, left.toMillis()));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", e);
      }
    }
  }

  @Override
  public void close() {
    try {
      process.getOutputStream().close();
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException _) {
      process.destroyForcibly();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void read() {
    try (var lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        take(line);
      }
    } catch (IOException _) {
      // ended
    }
  }

  private synchronized void take(String line) {
    if (line.startsWith("{")) {
      said.add(JSON.readTree(line));
    } else {
      other.add(line);
    }
    notifyAll();
  }

  /// The folder with the packages; of several processes one installs, the others wait for it.
  private static Path installed() {
    var home = Machine.cache().resolve("node-" + fingerprint());
    var done = home.resolve("installed");
    return Files.exists(done)
        ? home
        : Machine.alone(
            Machine.cache().resolve("node.lock"),
            () -> Files.exists(done) ? home : install(home, done));
  }

  private static Path install(Path home, Path done) {
    try {
      Files.createDirectories(home);
      for (var file : List.of("package.json", "package-lock.json")) {
        Files.copy(SOURCES.resolve(file), home.resolve(file), StandardCopyOption.REPLACE_EXISTING);
      }
      var npm =
          new ProcessBuilder("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
              .directory(home.toFile())
              .redirectErrorStream(true)
              .start();
      npm.getOutputStream().close();
      var text = new String(npm.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (npm.waitFor() != 0) {
        throw new StoreProblem("npm ci could not install what src/test/node pins: " + text);
      }
      Files.createFile(done);
      return home;
    } catch (IOException e) {
      throw StoreProblem.during("Installing the packages of src/test/node", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static String fingerprint() {
    try {
      var lock = Files.readAllBytes(SOURCES.resolve("package-lock.json"));
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(lock), 0, 8);
    } catch (IOException e) {
      throw StoreProblem.during("Reading " + SOURCES.resolve("package-lock.json"), e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
