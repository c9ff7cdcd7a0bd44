package dev.stitchd.load;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Replaces a whole list again and again, until it is stopped, while something else is measured.
final class Replacing {

  private static final String SEGMENT = "replaced";

  private final Management management;
  private final Path file;
  private final Thread thread;
  private volatile boolean stopped;
  private volatile Throwable failure;
  private int replaced;

  /// @param members of the list
  Replacing(Management management, int members) throws IOException {
    this.management = management;
    this.file = Files.createTempFile("members", ".csv");
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (var i = 0; i < members; i++) {
        out.write("user-" + i);
        out.newLine();
      }
    }
    management.segment(SEGMENT);
    this.thread = Thread.ofPlatform().name("replacing").start(this::run);
  }

  private void run() {
    try {
      while (!stopped) {
        var _ = management.importMembers(SEGMENT, file);
        replaced++;
      }
    } catch (IOException | InterruptedException | RuntimeException e) {
      failure = e;
    }
  }

  /// Waits for the replacement under way; how many there were.
  int stop() throws IOException, InterruptedException {
    stopped = true;
    thread.join();
    Files.delete(file);
    management.deleteSegment(SEGMENT);
    if (failure != null) {
      throw new IllegalStateException("replacing failed", failure);
    }
    return replaced;
  }
}
