package dev.stitchd.dev;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Set;
import java.util.UUID;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// `.stitchd/`: the data of the embedded stores, and `dev.json` (readable by its owner alone) with
/// the token and keys, so that every run prints the same ones. One process at a time.
final class DevelopmentFolder implements AutoCloseable {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final long NEEDED_BYTES = 300_000_000;
  private static final String LETTERS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

  private final Path path;

  private final FileLock lock;

  private final ObjectNode notes;

  private DevelopmentFolder(Path path, FileLock lock, ObjectNode notes) {
    this.path = path;
    this.lock = lock;
    this.notes = notes;
  }

  static DevelopmentFolder locked(Path relative) {
    var path = relative.toAbsolutePath().normalize();
    try {
      Files.createDirectories(path);
      var lock = lock(path);
      var free = Files.getFileStore(path).getUsableSpace();
      if (free < NEEDED_BYTES) {
        throw new StoreProblem(
            "The disk is full: %d MB are free for %s and at least %d MB are needed; free some, or put the data elsewhere: STITCHD_DATA_DIR=/elsewhere/.stitchd"
                .formatted(free / 1_000_000, path, NEEDED_BYTES / 1_000_000));
      }
      var file = path.resolve("dev.json");
      var notes =
          Files.exists(file)
              ? (ObjectNode) JSON.readTree(Files.readString(file))
              : JSON.createObjectNode();
      return new DevelopmentFolder(path, lock, notes);
    } catch (IOException e) {
      throw StoreProblem.during("Opening the data folder " + path, e);
    }
  }

  private static FileLock lock(Path path) throws IOException {
    var file = path.resolve("lock");
    var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock = null;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException _) {
      // this very process holds it
    }
    if (lock == null) {
      var holder = Files.readString(file).strip();
      channel.close();
      throw new StoreProblem(
          "%s is in use by another Stitchd (process %s): stop it, or give this one a folder of its own: STITCHD_DATA_DIR=.stitchd-2 STITCHD_HTTP_PORT=8081 mvn spring-boot:test-run"
              .formatted(path, holder));
    }
    channel.truncate(0);
    channel.write(
        ByteBuffer.wrap(
            Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
    return lock;
  }

  Path path() {
    return path;
  }

  /// The administrator's token, made at the first run.
  String token() {
    if (note("token").isEmpty()) {
      var random = new SecureRandom();
      var token = new StringBuilder("sat_");
      for (var i = 0; i < 40; i++) {
        token.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
      }
      keep("token", token.toString());
    }
    return note("token");
  }

  /// A remembered text, the empty string if there is none.
  String note(String name) {
    return notes.path(name).asString("");
  }

  /// Remembers a text beyond the end of the process.
  void keep(String name, String text) {
    notes.put(name, text);
    var file = path.resolve("dev.json");
    var half = path.resolve("dev.json." + UUID.randomUUID());
    try {
      Files.createFile(
          half,
          PosixFilePermissions.asFileAttribute(
              Set.of(
                  java.nio.file.attribute.PosixFilePermission.OWNER_READ,
                  java.nio.file.attribute.PosixFilePermission.OWNER_WRITE)));
      Files.writeString(half, notes.toPrettyString() + "\n");
      Files.move(half, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw StoreProblem.during("Writing " + file, e);
    }
  }

  /// Lets the next process have the folder; the end of this one does as well.
  @Override
  public void close() {
    try {
      lock.acquiredBy().close();
    } catch (IOException e) {
      throw StoreProblem.during("Leaving the data folder " + path, e);
    }
  }
}
