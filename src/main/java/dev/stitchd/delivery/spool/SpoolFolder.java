package dev.stitchd.delivery.spool;

import dev.stitchd.disk.DurableFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// The spool's files: `<sequence>-<token>` each, the sequence with leading zeros so that names sort
/// as they were written; `….corrupt` is one that was set aside. Blocks: only inside
/// [dev.stitchd.disk.DiskThread#call], or at the start.
final class SpoolFolder {

  private static final Pattern NAME = Pattern.compile("(\\d{19})-(.+)");
  private static final String CORRUPT = ".corrupt";

  private final DurableFolder folder;

  SpoolFolder(DurableFolder folder) {
    this.folder = folder;
  }

  /// What the folder holds.
  ///
  /// @param bytes of all files, those that were set aside included
  /// @param sequence the highest that is taken
  record Contents(List<Path> files, long bytes, long sequence) {}

  Contents contents() throws IOException {
    var files = new ArrayList<Path>();
    long bytes = 0;
    long sequence = 0;
    for (var file : folder.open()) {
      var name = NAME.matcher(file.getFileName().toString());
      if (name.matches()) {
        bytes += Files.size(file);
        sequence = Math.max(sequence, Long.parseLong(name.group(1)));
        if (!file.toString().endsWith(CORRUPT)) {
          files.add(file);
        }
      }
    }
    return new Contents(files, bytes, sequence);
  }

  /// Durable when it returns.
  Path write(long sequence, String token, byte[] content) throws IOException {
    var file = folder.write("%019d-%s".formatted(sequence, token), content);
    folder.sync();
    return file;
  }

  static SpooledBatch read(Path file) throws IOException, SpooledBatch.Damaged {
    return SpooledBatch.read(Files.readAllBytes(file));
  }

  /// A file that is not there any more is fine: it was to go.
  static void delete(Path file) throws IOException {
    var _ = Files.deleteIfExists(file);
  }

  /// Keeps it for people.
  static Path setAside(Path file) throws IOException {
    return Files.move(file, file.resolveSibling(file.getFileName() + CORRUPT));
  }
}
