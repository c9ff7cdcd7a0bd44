package dev.stitchd.launch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.launch.Program.Prepared;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparedStartTest {

  @TempDir Path folder;
  private Path jar;
  private Prepared prepared;

  @BeforeEach
  void prepare() throws IOException {
    jar = Files.writeString(folder.resolve("server-1.0.jar"), "a program");
    prepared = Prepared.of(jar);
    Files.createDirectories(prepared.folder());
    Files.createFile(prepared.server());
    Files.createFile(prepared.cache());
    Files.writeString(prepared.mark(), Prepared.identity(jar));
  }

  @Test
  void thePreparedProgramTakesThePlaceOfTheJarAndNothingElseChanges() {
    assertThat(arguments("java", "-Xmx1g", "-jar", "server-1.0.jar", "--debug"))
        .containsExactly(
            "java",
            "-Xmx1g",
            "-XX:AOTCache=" + folder.resolve("server-1.0.prepared/start.aot"),
            "-jar",
            folder.resolve("server-1.0.prepared/server-1.0.jar").toString(),
            "--debug");
  }

  @Test
  void whoeverChoosesACacheOrAnAgentIsNotOverruled() {
    assertThat(arguments("java", "-XX:AOTCache=mine.aot", "-jar", "server-1.0.jar")).isEmpty();
    assertThat(arguments("java", "-javaagent:trace.jar", "-jar", "server-1.0.jar")).isEmpty();
    assertThat(arguments("java", "-Xshare:off", "-jar", "server-1.0.jar")).isEmpty();
  }

  @Test
  void aProgramThatWasNotStartedAsAJarStaysWhatItIs() {
    assertThat(arguments("java", "-cp", "server-1.0.jar", "Main")).isEmpty();
  }

  @Test
  void aFolderThatIsCompleteIsEntered() {
    assertThat(prepared.isOf(jar)).isTrue();
  }

  @Test
  void aFolderOfAnotherJarIsNotEntered() throws IOException {
    Files.setLastModifiedTime(jar, FileTime.from(Instant.EPOCH));
    assertThat(prepared.isOf(jar)).isFalse();
  }

  @Test
  void aFolderThatWasNotFinishedIsNotEntered() throws IOException {
    Files.delete(prepared.mark());
    assertThat(prepared.isOf(jar)).isFalse();
  }

  @Test
  void aFolderWithoutTheProgramOrItsCacheIsNotEntered() throws IOException {
    Files.delete(prepared.cache());
    assertThat(prepared.isOf(jar)).isFalse();
    Files.createFile(prepared.cache());
    Files.delete(prepared.server());
    assertThat(prepared.isOf(jar)).isFalse();
  }

  private List<String> arguments(String... own) {
    return PreparedStart.arguments(own, prepared);
  }
}
