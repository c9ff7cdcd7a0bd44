package dev.stitchd.disk;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A folder whose files survive the end of the process and of the machine's power: each is written
/// whole or not at all, readable by its owner alone. Blocks; one thread at a time.
public final class DurableFolder {

  private static final String UNFINISHED = ".unfinished";

  /// What earlier versions called the spool's unfinished files.
  private static final String UNFINISHED_BEFORE = ".tmp";

  private final Path path;

  public DurableFolder(Path path) {
    this.path = path;
  }

  /// Makes the folder if it is not there, removes what a killed process left half written (nobody
  /// was told that it exists), and lists the files in order of their names.
  public List<Path> open() throws IOException {
    Files.createDirectories(path, ownersAlone("rwx------"));
    var whole = new ArrayList<Path>();
    try (var files = Files.newDirectoryStream(path, Files::isRegularFile)) {
      for (var file : files) {
        if (isUnfinished(file)) {
          Files.deleteIfExists(file);
        } else {
          whole.add(file);
        }
      }
    }
    whole.sort(null);
    return whole;
  }

  /// A file's bytes; null if there is none, or it is larger than `most`.
  public byte @Nullable [] read(String name, long most) throws IOException {
    var file = path.resolve(name);
    try {
      return Files.size(file) > most ? null : Files.readAllBytes(file);
    } catch (NoSuchFileException _) {
      return null;
    }
  }

  /// Writes a file as a whole: whoever reads it, after whatever crash, finds the old bytes or the
  /// new ones. Its name is durable after [#sync].
  public Path write(String name, byte[] content) throws IOException {
    var file = path.resolve(name);
    var unfinished = path.resolve(name + UNFINISHED);
    Files.deleteIfExists(unfinished);
    try {
      write(unfinished, Set.of(CREATE_NEW, WRITE), content);
      return Files.move(
          unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      Files.deleteIfExists(unfinished);
      throw e;
    }
  }

  /// Adds to the end of a file and makes it if need be; durable when it returns.
  public void append(String name, byte[] content) throws IOException {
    var file = path.resolve(name);
    boolean isNew = !Files.exists(file);
    write(file, Set.of(CREATE, APPEND), content);
    if (isNew) {
      sync();
    }
  }

  /// A file that is not there is fine.
  public void delete(String name) throws IOException {
    Files.deleteIfExists(path.resolve(name));
  }

  /// Makes new names, renames and deletions durable.
  public void sync() throws IOException {
    try (var folder = FileChannel.open(path, READ)) {
      folder.force(true);
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }

  private void write(Path file, Set<? extends OpenOption> options, byte[] content)
      throws IOException {
    try (var channel = FileChannel.open(file, options, ownersAlone("rw-------"))) {
      var left = ByteBuffer.wrap(content);
      while (left.hasRemaining()) {
        var _ = channel.write(left);
      }
      channel.force(true);
    }
  }

  private static boolean isUnfinished(Path file) {
    return file.toString().endsWith(UNFINISHED) || file.toString().endsWith(UNFINISHED_BEFORE);
  }

  private FileAttribute<?>[] ownersAlone(String permissions) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
