package dev.stitchd.delivery;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// The fence around files, which block: whoever touches one while the server runs does it inside
/// [#call], on the scheduler `disk`, one at a time. What is written here survives the end of the
/// process and of the machine's power.
final class Disk {

  private static final String UNFINISHED = ".tmp";

  private final Scheduler blocking;

  Disk(Scheduler blocking) {
    this.blocking = blocking;
  }

  /// Runs work that blocks. Emits what it answers, on `disk`; fails as it does. Cancelling gives up
  /// the answer and may leave the work undone.
  <T> Mono<T> call(Callable<T> work) {
    return Mono.fromCallable(work).subscribeOn(blocking);
  }

  /// Writes a new file, all of it or nothing.
  static void create(Path file, byte[] content) throws IOException {
    var unfinished = file.resolveSibling(file.getFileName() + UNFINISHED);
    try {
      try (var channel =
          FileChannel.open(
              unfinished,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        write(channel, content);
      }
      Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Files.deleteIfExists(unfinished);
      throw e;
    }
    sync(folder(file));
  }

  /// Adds to the end of a file; makes it if need be.
  static void append(Path file, byte[] content) throws IOException {
    boolean isNew = !Files.exists(file);
    try (var channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      write(channel, content);
    }
    if (isNew) {
      sync(folder(file));
    }
  }

  private static void write(FileChannel channel, byte[] content) throws IOException {
    var buffer = ByteBuffer.wrap(content);
    while (buffer.hasRemaining()) {
      var _ = channel.write(buffer);
    }
    channel.force(true);
  }

  /// Makes a new name in a folder durable.
  private static void sync(Path folder) throws IOException {
    try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static Path folder(Path file) throws IOException {
    var folder = file.getParent();
    if (folder == null) {
      throw new IOException(file + " has no folder");
    }
    return folder;
  }

  /// The files of a folder in order of their names, without those that were never finished: nobody
  /// was told that they exist, and they are removed.
  static List<Path> files(Path folder) throws IOException {
    List<Path> all;
    try (Stream<Path> files = Files.list(folder)) {
      all = files.filter(Files::isRegularFile).sorted().toList();
    }
    for (var file : all) {
      if (isUnfinished(file)) {
        Files.delete(file);
      }
    }
    return all.stream().filter(file -> !isUnfinished(file)).toList();
  }

  private static boolean isUnfinished(Path file) {
    return file.toString().endsWith(UNFINISHED);
  }
}
