package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// Migrations that were landed stay what they are: installations have run them, and a server whose
/// files differ from what a database ran refuses to start.
class MigrationsTest {

  private static final Path MIGRATIONS = Path.of("db/migration");
  private static final Path SUMS = Path.of("src/test/resources/migrations.sha256");

  @Test
  void landedMigrationsAreNeitherChangedNorRemoved() throws Exception {
    var present = present();
    listed()
        .forEach((file, sum) -> {
          var now = present.get(file);
          if (now == null) {
            fail(
                "%s is gone, but installations have run it: bring it back under its name, and undo what it does in a new migration."
                    .formatted(file));
          } else if (!now.equals(sum)) {
            fail(
                "%s was changed, but installations have run it as it was: restore it with git, and write what is to be different into a new migration."
                    .formatted(file));
          }
        });
  }

  @Test
  void newMigrationsAreListed() throws Exception {
    var unlisted = new TreeMap<>(present());
    unlisted.keySet().removeAll(listed().keySet());
    assertThat(unlisted.keySet())
        .as(
            "migrations without a line in %s: run 'sha256sum <file> >> %s' when a migration is ready to be landed, and not again",
            SUMS, SUMS)
        .isEmpty();
  }

  /// Lines as `sha256sum` writes them.
  private static Map<String, String> listed() throws IOException {
    var sums = new TreeMap<String, String>();
    for (var line : Files.readAllLines(SUMS)) {
      var parts = line.split(" [ *]", 2);
      assertThat(sums.put(parts[1], parts[0])).as("%s is listed twice", parts[1]).isNull();
    }
    assertThat(sums).isNotEmpty();
    return sums;
  }

  private static Map<String, String> present() throws IOException {
    try (var files = Files.walk(MIGRATIONS)) {
      return files
          .filter(file -> file.toString().endsWith(".sql"))
          .collect(
              Collectors.toMap(file -> file.toString().replace('\\', '/'), MigrationsTest::sum));
    }
  }

  /// Of the text with line feeds alone, whatever the checkout made of them.
  private static String sum(Path file) {
    try {
      var text = Files.readString(file).replace("\r\n", "\n");
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (Exception e) {
      throw new IllegalStateException(file + " cannot be read", e);
    }
  }
}
