package dev.stitchd.dev;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/// What this machine is and has.
final class Machine {

  private Machine() {}

  static boolean linux() {
    return os().contains("linux");
  }

  static boolean mac() {
    return os().contains("mac");
  }

  static boolean arm() {
    return System.getProperty("os.arch").equals("aarch64");
  }

  static boolean intel() {
    return List.of("amd64", "x86_64").contains(System.getProperty("os.arch"));
  }

  static boolean musl() {
    return linux() && Files.exists(Path.of("/etc/alpine-release"));
  }

  static String describe() {
    return "%s on %s%s"
        .formatted(
            System.getProperty("os.name"), System.getProperty("os.arch"), musl() ? ", musl" : "");
  }

  private static String os() {
    return System.getProperty("os.name").toLowerCase(Locale.ROOT);
  }

  static boolean onPath(String command) {
    return List.of(System.getenv().getOrDefault("PATH", "").split(java.io.File.pathSeparator))
        .stream()
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, command)));
  }

  /// Where large downloads are kept between builds: `$XDG_CACHE_HOME/stitchd`.
  static Path cache() {
    var xdg = System.getenv("XDG_CACHE_HOME");
    var base =
        xdg == null || xdg.isBlank()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(xdg);
    try {
      return Files.createDirectories(base.resolve("stitchd"));
    } catch (IOException e) {
      throw StoreProblem.during("Making the cache folder " + base.resolve("stitchd"), e);
    }
  }

  /// One process (and one thread of it) at a time; the others wait.
  static synchronized <T> T alone(Path lockFile, Supplier<T> work) {
    try (var channel =
            FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock _ = channel.lock()) {
      return work.get();
    } catch (IOException e) {
      throw StoreProblem.during("Locking " + lockFile, e);
    }
  }

  static void sleep(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  static String tail(Path file, int lines) {
    try {
      var all = Files.readAllLines(file);
      return String.join("\n", all.subList(Math.max(0, all.size() - lines), all.size()));
    } catch (IOException e) {
      return e.toString();
    }
  }

  /// Bytes below a folder, as far as they can be seen.
  static long size(Path folder) {
    var total = new long[1];
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              total[0] += attributes.size();
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException gone) {
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return total[0];
  }

  static void copy(Path folder, Path target) {
    try (var all = Files.walk(folder)) {
      for (var from : (Iterable<Path>) all::iterator) {
        var to = target.resolve(folder.relativize(from));
        Files.createDirectories(to.getParent());
        Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void delete(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.deleteIfExists(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException failure)
                throws IOException {
              Files.deleteIfExists(directory);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      System.err.printf("Could not delete %s: %s%n", folder, e);
    }
  }
}
