package dev.stitchd.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.kernel.StartFailure;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {

  @TempDir Path temporary;

  @Test
  void secondServerIsTurnedAwayAndTheNextOneIsNot() throws Exception {
    var folder = temporary.resolve("a/b");
    try (var held = DataFolder.locked(folder)) {
      assertThat(held.within("spool")).isDirectory();
      assertThatThrownBy(() -> DataFolder.locked(folder))
          .isInstanceOf(StartFailure.class)
          .hasMessageContaining(
              "in use by another Stitchd (process " + ProcessHandle.current().pid())
          .hasMessageContaining("STITCHD_DATA_DIR");
      assertThat(otherProcessCanLock(folder)).isFalse();
    }
    assertThat(otherProcessCanLock(folder)).isTrue();
    DataFolder.locked(folder).close();
  }

  @Test
  void whoCannotWriteSaysSo() throws Exception {
    var file = Files.createFile(temporary.resolve("file"));
    assertThatThrownBy(() -> DataFolder.locked(file.resolve("data")))
        .isInstanceOf(StartFailure.class)
        .hasMessageContaining("cannot write to its data folder")
        .hasMessageContaining("STITCHD_DATA_DIR");
  }

  /// Another Java, since locks are between processes.
  private static boolean otherProcessCanLock(Path folder) throws Exception {
    var process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx32m",
                "-cp",
                System.getProperty("java.class.path"),
                Locker.class.getName(),
                folder.resolve("server.lock").toString())
            .redirectErrorStream(true)
            .start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return process.exitValue() == 0;
  }

  /// Ends with 0 if it gets the lock.
  static final class Locker {
    public static void main(String[] arguments) throws Exception {
      try (var channel = FileChannel.open(Path.of(arguments[0]), StandardOpenOption.WRITE)) {
        System.exit(channel.tryLock() == null ? 1 : 0);
      }
    }
  }
}
