package dev.stitchd.dev;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// A program of `src/test/go`. It is compiled once into the cache folder, with modules as `go.sum`
/// pins them.
public final class GoProgram extends ScriptProcess {

  private static final Path SOURCES = Path.of("src/test/go");
  private static final Pattern NEW_ENOUGH = Pattern.compile("go1\\.(2[4-9]|[3-9]\\d)\\b.*");

  private GoProgram(List<String> command) throws IOException {
    super(command);
  }

  /// Whether Go is there, 1.24 or newer; tests that need it are skipped where it is not.
  public static boolean isThere() {
    if (!Machine.onPath("go")) {
      return false;
    }
    try {
      var asked = new ProcessBuilder("go", "env", "GOVERSION").start();
      asked.getOutputStream().close();
      var version = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return NEW_ENOUGH.matcher(version.strip()).matches();
    } catch (IOException _) {
      return false;
    }
  }

  /// Starts a program.
  ///
  /// @throws StoreProblem if it cannot be compiled
  public static GoProgram run(String program, String... arguments) {
    var command = new ArrayList<>(List.of(compiled(program).toString()));
    command.addAll(List.of(arguments));
    try {
      return new GoProgram(command);
    } catch (IOException e) {
      throw StoreProblem.during("Starting " + program, e);
    }
  }

  /// Compiles a program if it is not yet, which takes minutes where its modules were never
  /// compiled.
  ///
  /// @throws StoreProblem if it cannot be compiled
  public static void prepare(String program) {
    var _ = compiled(program);
  }

  /// The program; of several processes one compiles, the others wait for it.
  private static Path compiled(String program) {
    var home = Machine.cache().resolve("go-%s-%s".formatted(program, fingerprint(SOURCES)));
    var done = home.resolve("compiled");
    if (!Files.exists(done)) {
      Machine.alone(
          Machine.cache().resolve("go.lock"),
          () -> Files.exists(done) ? home : compile(program, home, done));
    }
    return home.resolve(program);
  }

  private static Path compile(String program, Path home, Path done) {
    try {
      Files.createDirectories(home);
      install(
          SOURCES,
          "what src/test/go pins",
          List.of(
              "go",
              "build",
              "-buildvcs=false",
              "-o",
              home.resolve(program).toAbsolutePath().toString(),
              "./" + program));
      Files.createFile(done);
      return home;
    } catch (IOException e) {
      throw StoreProblem.during("Compiling " + program + " of src/test/go", e);
    }
  }
}
