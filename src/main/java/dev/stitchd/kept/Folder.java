package dev.stitchd.kept;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The folder and its files, as far as the file system is concerned. Blocks; one thread at a time.
final class Folder {

  private static final String UNFINISHED = ".unfinished";

  private final Path path;

  Folder(Path path) {
    this.path = path;
  }

  /// Makes the folder if it is not there, clears what a killed process left half written, and lists
  /// the files, the one written longest ago first.
  List<String> open() throws IOException {
    Files.createDirectories(path, readable("rwx------"));
    Map<String, FileTime> written = new HashMap<>();
    try (var files = Files.newDirectoryStream(path)) {
      for (var file : files) {
        var name = String.valueOf(file.getFileName());
        if (name.endsWith(UNFINISHED)) {
          Files.deleteIfExists(file);
        } else {
          written.put(name, Files.getLastModifiedTime(file));
        }
      }
    }
    return written.entrySet().stream()
        .sorted(Comparator.comparing(Map.Entry::getValue))
        .map(Map.Entry::getKey)
        .toList();
  }

  /// A file's bytes; null if there is none, or it is larger than `most`.
  byte @Nullable [] read(String name, long most) throws IOException {
    var file = path.resolve(name);
    try {
      return Files.size(file) > most ? null : Files.readAllBytes(file);
    } catch (NoSuchFileException _) {
      return null;
    }
  }

  /// Replaces a file as a whole: whoever reads it, after whatever crash, finds the old bytes or the
  /// new ones.
  void write(String name, byte[] bytes) throws IOException {
    var unfinished = path.resolve(name + UNFINISHED);
    Files.deleteIfExists(unfinished);
    try (var file =
        FileChannel.open(unfinished, Set.of(CREATE_NEW, WRITE), readable("rw-------"))) {
      var left = ByteBuffer.wrap(bytes);
      while (left.hasRemaining()) {
        var _ = file.write(left);
      }
      file.force(true);
    }
    Files.move(
        unfinished,
        path.resolve(name),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  void delete(String name) throws IOException {
    Files.deleteIfExists(path.resolve(name));
  }

  /// Makes renames and deletions durable.
  void sync() throws IOException {
    try (var folder = FileChannel.open(path, READ)) {
      folder.force(true);
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }

  private FileAttribute<?>[] readable(String permissions) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
