package dev.stitchd.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DevelopmentTest {

  @TempDir private Path folder;

  @Test
  void takenPortIsSaidWithTheCommandThatHelps() throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var environment = Map.of("STITCHD_HTTP_PORT", Integer.toString(taken.getLocalPort()));

      assertThatThrownBy(() -> DevelopmentPort.check(environment))
          .isInstanceOf(StoreProblem.class)
          .hasMessageContaining("Port %d is taken", taken.getLocalPort())
          .hasMessageContaining("STITCHD_HTTP_PORT=");
    }
  }

  @Test
  void noPortIsRefused() {
    assertThatThrownBy(() -> DevelopmentPort.check(Map.of("STITCHD_HTTP_PORT", "eighty")))
        .isInstanceOf(StoreProblem.class)
        .hasMessageContaining("STITCHD_HTTP_PORT=eighty");
  }

  @Test
  void freePortIsTaken() {
    var free = EngineProcess.freePort();

    assertThat(DevelopmentPort.check(Map.of("STITCHD_HTTP_PORT", Integer.toString(free))))
        .isEqualTo(free);
  }

  @Test
  void oneProcessAtATimeUsesTheFolder() {
    try (var _ = DevelopmentFolder.locked(folder)) {
      assertThatThrownBy(() -> DevelopmentFolder.locked(folder))
          .isInstanceOf(StoreProblem.class)
          .hasMessageContaining(
              "in use by another Stitchd (process %d)", ProcessHandle.current().pid())
          .hasMessageContaining("STITCHD_DATA_DIR=");
    }
    DevelopmentFolder.locked(folder).close();
  }

  @Test
  void laterRunsHaveTheSameToken() {
    String first;
    try (var run = DevelopmentFolder.locked(folder)) {
      first = run.token();
    }
    try (var run = DevelopmentFolder.locked(folder)) {
      assertThat(run.token()).isEqualTo(first).startsWith("sat_").hasSizeGreaterThanOrEqualTo(32);
    }
  }

  @Test
  void onlyTheOwnerMayReadTheToken() throws IOException {
    try (var run = DevelopmentFolder.locked(folder)) {
      var _ = run.token();

      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(folder.resolve("dev.json"))))
          .isEqualTo("rw-------");
    }
  }
}
