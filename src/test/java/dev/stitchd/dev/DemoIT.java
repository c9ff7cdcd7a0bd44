package dev.stitchd.dev;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoIT {

  private static final Duration PATIENCE = Patience.SOON;

  @TempDir private Path folder;

  @Test
  void pastedCommandsDoWhatTheBannerSays() throws Exception {
    try (var server = Server.start();
        var notes = DevelopmentFolder.locked(folder)) {
      var demo = Demo.loaded(server.admin(), notes);
      var stores = new DevelopmentStores(server.postgres(), server.clickHouse(), "", List.of());
      var commands =
          new DevelopmentBanner(server.url(), Server.TOKEN, demo, stores)
              .text()
              .lines()
              .filter(line -> line.startsWith("curl "))
              .toList();
      assertThat(commands).hasSize(3);

      try (var stream = server.stream(demo.serverKey())) {
        var _ = stream.await(event -> event.name().equals("put"), PATIENCE);
        assertThat(pasted(commands.get(0))).contains("\"value\":false");
        assertThat(pasted(commands.get(1).replace("curl ", "curl --max-time 2 ")))
            .contains("event: put");
        assertThat(pasted(commands.get(2))).contains("\"default\":{\"variant\":\"on\"}");
        var _ = stream.await(event -> event.name().equals("patch"), PATIENCE);
        assertThat(pasted(commands.get(0))).contains("\"value\":true");
      }
    }
  }

  @Test
  void laterRunsFindTheSameDemo() {
    try (var server = Server.start();
        var notes = DevelopmentFolder.locked(folder)) {
      var first = Demo.loaded(server.admin(), notes);

      assertThat(Demo.loaded(server.admin(), notes)).isEqualTo(first);
      assertThat(server.admin().get("/projects/demo/flags").path("items")).hasSize(3);
    }
  }

  @Test
  void loadingThatWasInterruptedIsCompleted() {
    try (var server = Server.start();
        var notes = DevelopmentFolder.locked(folder)) {
      var _ = server.admin().createProject("demo");
      var _ = server.admin().createEnvironment("demo", "production");

      var _ = Demo.loaded(server.admin(), notes);

      assertThat(server.admin().get("/projects/demo/flags").path("items")).hasSize(3);
    }
  }

  @Test
  void clientKeySeesClientVisibleFlagsOnly() {
    try (var server = Server.start();
        var notes = DevelopmentFolder.locked(folder)) {
      var demo = Demo.loaded(server.admin(), notes);

      assertThat(evaluate(server, demo, "greeting")).isEqualTo(200);
      assertThat(evaluate(server, demo, "search-results")).isEqualTo(404);
    }
  }

  private static int evaluate(Server server, Demo demo, String flag) {
    return server
        .http()
        .post(
            "/ofrep/v1/evaluate/flags/" + flag,
            "{\"context\":{\"targetingKey\":\"user-1\"}}",
            "Authorization",
            "Bearer " + demo.clientKey())
        .status();
  }

  private static String pasted(String command) throws IOException, InterruptedException {
    var shell = new ProcessBuilder("sh", "-c", command).redirectErrorStream(true).start();
    var said = new String(shell.getInputStream().readAllBytes());
    var _ = shell.waitFor();
    return said;
  }
}
