package dev.stitchd.dev;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Temporary engines and their folders end with this JVM, even if a test forgets them.
final class OwnFolders {

  private static final List<AutoCloseable> OPEN = new ArrayList<>();

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

  private static synchronized void closeAll() {
    for (var engine : OPEN.reversed()) {
      try {
        engine.close();
      } catch (Exception e) {
        System.err.println("Closing a store: " + e);
      }
    }
  }
}
