package dev.stitchd.dev;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.springframework.boot.SpringApplication;

/// `mvn spring-boot:test-run`: the server on 127.0.0.1:8080 with stores of its own, whose data stay
/// in `.stitchd/`, and a demo project to play with.
///
/// Whatever is missing on the machine is said in one sentence before anything heavy starts. At
/// Ctrl-C the server drains first, then the engines end.
public final class StitchdDevelopment {

  private StitchdDevelopment() {}

  public static void main(String[] arguments) {
    try {
      start(System.getenv());
    } catch (StoreProblem problem) {
      System.err.printf("%n%s%n%n", problem.getMessage());
      System.exit(1);
    }
  }

  private static void start(Map<String, String> environment) {
    var port = DevelopmentPort.check(environment);
    var folder =
        DevelopmentFolder.locked(Path.of(environment.getOrDefault("STITCHD_DATA_DIR", ".stitchd")));
    var stores = DevelopmentStores.in(folder.path(), environment);
    // Runs after the server has closed, also if it never came up.
    SpringApplication.getShutdownHandlers()
        .add(() -> {
          stores.close();
          folder.close();
        });

    var token = environment.getOrDefault("STITCHD_BOOTSTRAP_TOKEN", folder.token());
    var variables = new HashMap<String, Object>();
    variables.put("STITCHD_POSTGRES_URL", stores.postgres());
    variables.put("STITCHD_CLICKHOUSE_URL", stores.clickHouse());
    variables.put("STITCHD_BOOTSTRAP_TOKEN", token);
    variables.put("STITCHD_DATA_DIR", folder.path().toString());
    variables.put("STITCHD_HTTP_PORT", Integer.toString(port));
    variables.put(
        "STITCHD_HTTP_ADDRESS", environment.getOrDefault("STITCHD_HTTP_ADDRESS", "127.0.0.1"));
    variables.put(
        "STITCHD_GRPC_ADDRESS", environment.getOrDefault("STITCHD_GRPC_ADDRESS", "127.0.0.1"));
    serve(variables);

    var url = "http://127.0.0.1:" + port;
    var demo = Demo.loaded(Admin.at(url, token), folder);
    System.out.println(new DevelopmentBanner(url, token, demo, stores).text());
  }

  private static void serve(Map<String, Object> variables) {
    try {
      Server.run(variables);
    } catch (RuntimeException e) {
      // the framework has told why, the server's own reasons in one sentence
      System.exit(1);
    }
  }
}
