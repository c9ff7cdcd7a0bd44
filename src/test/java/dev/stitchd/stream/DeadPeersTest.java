package dev.stitchd.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A peer that is gone without a word, in a network namespace of its own whose only network is
/// switched off: no end of the connection and no refusal is ever seen.
@Timeout(180)
class DeadPeersTest {

  @BeforeEach
  void namespacesAreAllowed() throws IOException, InterruptedException {
    assumeTrue(
        run(List.of("sh", "-c", "unshare -rn ip link set lo up")).ok,
        "this machine lets nobody make network namespaces (Linux, unshare -rn and ip are needed)");
  }

  @Test
  void aPeerThatIsGoneWithoutAWordIsFoundWithinItsTime() throws Exception {
    var found = halfOpen("PT1.5S");

    // the kernel looks when it sends again, at ever longer distances: at most twice the time
    assertThat(Long.parseLong(found)).isBetween(1_000L, 3_500L);
  }

  @Test
  void byDefaultThatIsLessThanAMinuteWithTheHeartbeatBeforeIt() {
    var settings =
        new org.springframework.boot.context.properties.bind.Binder()
            .bindOrCreate("stitchd.stream", StreamSettings.class);

    assertThat(settings.unacknowledged().plus(settings.heartbeat()))
        .isLessThan(Duration.ofMinutes(1));
  }

  private static String halfOpen(String... arguments) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("unshare", "-rn"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dlogback.configurationFile=none.xml",
            "-cp",
            System.getProperty("java.class.path"),
            HalfOpen.class.getName()));
    command.addAll(List.of(arguments));
    var ran = run(command);
    assertThat(ran.ok).as(ran.said).isTrue();
    return ran.said.lines().toList().getLast().strip();
  }

  private record Ran(boolean ok, String said) {}

  private static Ran run(List<String> command) throws IOException, InterruptedException {
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var said = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new Ran(process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0, said);
  }
}
