package dev.stitchd.disk;

import dev.stitchd.kernel.StartFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The node's folder on disk, locked for this process: two that replayed one spool would store its
/// batches twice. The lock is the operating system's, so it ends with the process, however that
/// ends. Blocks; for the start and the end of the server.
public final class DataFolder implements AutoCloseable {

  private static final String LOCK = "server.lock";

  /// What this very process holds: its locks do not keep itself out, and opening a locked file a
  /// second time and closing it would unlock it.
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path path;
  private final FileChannel lock;

  private DataFolder(Path path, FileChannel lock) {
    this.path = path;
    this.lock = lock;
  }

  /// Makes the folder if need be and locks it.
  ///
  /// @throws StartFailure if another process has it, or if it cannot be written
  static DataFolder locked(Path folder) {
    try {
      var path = Files.createDirectories(folder.toAbsolutePath().normalize()).toRealPath();
      if (!HELD.add(path)) {
        throw taken(path, Long.toString(ProcessHandle.current().pid()));
      }
      try {
        return new DataFolder(path, lock(path));
      } catch (IOException | RuntimeException e) {
        HELD.remove(path);
        throw e;
      }
    } catch (IOException e) {
      throw new StartFailure(
          "Stitchd cannot write to its data folder %s (%s): make it writable, or name another one by STITCHD_DATA_DIR."
              .formatted(folder.toAbsolutePath().normalize(), e),
          e);
    }
  }

  private static FileChannel lock(Path path) throws IOException {
    var file = path.resolve(LOCK);
    var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() == null) {
        throw taken(path, Files.readString(file).strip());
      }
      var process = Long.toString(ProcessHandle.current().pid());
      var _ = channel.truncate(0);
      var _ = channel.write(ByteBuffer.wrap(process.getBytes(StandardCharsets.US_ASCII)));
      return channel;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static StartFailure taken(Path path, String process) {
    return new StartFailure(
        "The data folder %s is in use by another Stitchd (process %s): stop it, or give this node a folder of its own by STITCHD_DATA_DIR."
            .formatted(path, process),
        null);
  }

  /// The path of a folder within, which may not be there.
  Path path(String name) {
    return path.resolve(name);
  }

  /// A folder within, made if need be.
  ///
  /// @throws StartFailure if it cannot be made
  public Path within(String name) {
    try {
      return Files.createDirectories(path.resolve(name));
    } catch (IOException e) {
      throw new StartFailure(
          "Stitchd cannot make the folder %s (%s): make its parent writable, or name another one by STITCHD_DATA_DIR."
              .formatted(path.resolve(name), e),
          e);
    }
  }

  /// Lets the next process have it.
  @Override
  public void close() throws IOException {
    lock.close();
    HELD.remove(path);
  }
}
