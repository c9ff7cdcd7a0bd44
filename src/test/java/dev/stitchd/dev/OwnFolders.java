package dev.stitchd.dev;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Temporary engines and their folders end with this JVM, even if a test forgets them.
final class OwnFolders {

  private static final List<AutoCloseable> OPEN = new ArrayList<>();
  private static final List<Path> LEFT = new CopyOnWriteArrayList<>();
  private static volatile boolean ending;

  private OwnFolders() {}

  static Path temporary(String name) {
    try {
      return Files.createTempDirectory("stitchd-" + name + "-");
    } catch (IOException e) {
      throw StoreProblem.during("Making a temporary folder", e);
    }
  }

  static synchronized void closeAtExit(AutoCloseable engine) {
    if (OPEN.isEmpty()) {
      Runtime.getRuntime().addShutdownHook(new Thread(OwnFolders::closeAll, "close stores"));
    }
    OPEN.add(engine);
  }

  /// Deletes a folder; when this JVM ends, after it: those of stores with a hundred databases each
  /// have tens of thousands of files, and whoever waits for the end of the tests gives up after
  /// half a minute.
  static void delete(Path folder) {
    if (ending) {
      LEFT.add(folder);
    } else {
      Machine.delete(folder);
    }
  }

  private static synchronized void closeAll() {
    ending = true;
    for (var engine : OPEN.reversed()) {
      try {
        engine.close();
      } catch (Exception e) {
        System.err.println("Closing a store: " + e);
      }
    }
    var command = new ArrayList<>(List.of("rm", "-rf"));
    LEFT.forEach(folder -> command.add(folder.toString()));
    try {
      new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start();
    } catch (IOException e) {
      System.err.println("Deleting " + LEFT + ": " + e);
    }
  }
}
