package dev.stitchd.dev;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A script of `src/test/python`. Its packages are installed once into the cache folder, as
/// `requirements.txt` pins them.
public final class PythonScript extends ScriptProcess {

  private static final Path SOURCES = Path.of("src/test/python");
  private static final Path REQUIREMENTS = SOURCES.resolve("requirements.txt");

  private PythonScript(List<String> command, Path copy) throws IOException {
    super(command, copy);
  }

  /// Whether Python is there, with what makes environments of its own; tests that need it are
  /// skipped where it is not.
  public static boolean isThere() {
    try {
      return Machine.onPath("python3")
          && new ProcessBuilder(
                      "python3",
                      "-c",
                      "import venv, ensurepip, sys; sys.exit(sys.version_info < (3, 10))")
                  .redirectErrorStream(true)
                  .start()
                  .waitFor()
              == 0;
    } catch (IOException _) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /// Starts a script.
  ///
  /// @throws StoreProblem if the packages cannot be installed
  public static PythonScript run(String script, String... arguments) {
    var home = installed();
    try {
      var copy = copied(SOURCES, script, home);
      var command = new ArrayList<>(List.of(python(home), copy.toString()));
      command.addAll(List.of(arguments));
      return new PythonScript(command, copy);
    } catch (IOException e) {
      throw StoreProblem.during("Starting python", e);
    }
  }

  private static String python(Path home) {
    return home.resolve("bin/python").toString();
  }

  private static Path installed() {
    var home = Machine.cache().resolve("python-" + fingerprint(REQUIREMENTS));
    var done = home.resolve("installed");
    return Files.exists(done)
        ? home
        : Machine.alone(
            Machine.cache().resolve("python.lock"),
            () -> Files.exists(done) ? home : install(home, done));
  }

  private static Path install(Path home, Path done) {
    try {
      Files.createDirectories(home);
      install(home, "Python's environment", List.of("python3", "-m", "venv", home.toString()));
      install(
          home,
          "what src/test/python pins",
          List.of(
              python(home),
              "-m",
              "pip",
              "install",
              "--disable-pip-version-check",
              "--no-deps",
              "-r",
              REQUIREMENTS.toAbsolutePath().toString()));
      Files.createFile(done);
      return home;
    } catch (IOException e) {
      throw StoreProblem.during("Installing the packages of src/test/python", e);
    }
  }
}
