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
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A script or small program as a child process that says what it does, one JSON object a line.
public abstract class ScriptProcess implements AutoCloseable {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /// How long something may be downloaded and compiled.
  private static final Duration INSTALLED = Duration.ofMinutes(10);

  private final Process process;
  private final List<JsonNode> said = new ArrayList<>();
  private final List<String> other = new ArrayList<>();
  private int seen;
  private boolean ended;

  /// Starts the command.
  ScriptProcess(List<String> command) throws IOException {
    this.process = new ProcessBuilder(command).redirectErrorStream(true).start();
    Thread.ofPlatform().daemon().name("script").start(this::read);
  }

  /// Starts the command; what is copied for it is deleted at its end.
  ScriptProcess(List<String> command, Path copy) throws IOException {
    this(command);
    var _ = process.onExit().thenRun(() -> copy.toFile().delete());
  }

  /// Writes a line to its standard input.
  public void tell(String line) {
    try {
      process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw StoreProblem.during("Talking to the script", e);
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
      if (ended || !left.isPositive()) {
        throw new AssertionError(
            "It was not said %s; said was %s, and besides: %s"
                .formatted(ended ? "before the script ended" : "in time", said, other));
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
      // closed by whoever started it
    } finally {
      end();
    }
  }

  private synchronized void end() {
    ended = true;
    notifyAll();
  }

  private synchronized void take(String line) {
    try {
      var read = line.startsWith("{") ? JSON.readTree(line) : null;
      if (read == null) {
        other.add(line);
      } else {
        said.add(read);
      }
    } catch (JacksonException _) { // a library that logs an object in its own way
      other.add(line);
    }
    notifyAll();
  }

  /// A copy of a script in the folder with its packages.
  static Path copied(Path sources, String script, Path home) throws IOException {
    var copy = Files.createTempFile(home, "run-", "-" + script);
    Files.copy(sources.resolve(script), copy, StandardCopyOption.REPLACE_EXISTING);
    return copy;
  }

  /// Runs a command that installs something, to its end.
  ///
  /// @throws StoreProblem with what it wrote, if it fails
  static void install(Path folder, String what, List<String> command) {
    try {
      var said = Files.createTempFile("install", ".txt");
      var installer =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(said.toFile())
              .start();
      installer.getOutputStream().close();
      boolean ended = installer.waitFor(INSTALLED.toSeconds(), TimeUnit.SECONDS);
      installer.destroyForcibly();
      var text = Files.readString(said);
      Files.delete(said);
      if (!ended || installer.waitFor() != 0) {
        throw new StoreProblem(
            what + (ended ? " could not be installed: " : " was not installed in time: ") + text);
      }
    } catch (IOException e) {
      throw StoreProblem.during("Installing " + what, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /// A short name for what a file holds, or all files of a folder.
  static String fingerprint(Path of) {
    try (var files = Files.walk(of)) {
      var digest = MessageDigest.getInstance("SHA-256");
      for (var file : files.filter(Files::isRegularFile).sorted().toList()) {
        digest.update(of.relativize(file).toString().getBytes(StandardCharsets.UTF_8));
        digest.update(Files.readAllBytes(file));
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 8);
    } catch (IOException e) {
      throw StoreProblem.during("Reading " + of, e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
