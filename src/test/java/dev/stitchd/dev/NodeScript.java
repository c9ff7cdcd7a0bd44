package dev.stitchd.dev;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/// A script of `src/test/node`. Its packages are installed once into the cache folder, as
/// `package-lock.json` pins them.
public final class NodeScript extends ScriptProcess {

  private static final Path SOURCES = Path.of("src/test/node");

  private NodeScript(List<String> command, Path copy) throws IOException {
    super(command, copy);
  }

  /// Starts a script.
  ///
  /// @throws StoreProblem if Node.js or npm is missing, or the packages cannot be installed
  public static NodeScript run(String script, String... arguments) {
    if (!Machine.onPath("node") || !Machine.onPath("npm")) {
      throw new StoreProblem(
          "Node.js 20 with npm is missing, which runs the real OpenFeature providers: install both (Debian: apt-get"
              + " install nodejs npm) and run the tests again.");
    }
    var home = installed();
    try {
      var copy = copied(SOURCES, script, home);
      var command = new ArrayList<>(List.of("node", copy.toString()));
      command.addAll(List.of(arguments));
      return new NodeScript(command, copy);
    } catch (IOException e) {
      throw StoreProblem.during("Starting node", e);
    }
  }

  /// The folder with the packages; of several processes one installs, the others wait for it.
  private static Path installed() {
    var home = Machine.cache().resolve("node-" + fingerprint(SOURCES.resolve("package-lock.json")));
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
      install(
          home,
          "what src/test/node pins",
          List.of("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"));
      Files.createFile(done);
      return home;
    } catch (IOException e) {
      throw StoreProblem.during("Installing the packages of src/test/node", e);
    }
  }
}
