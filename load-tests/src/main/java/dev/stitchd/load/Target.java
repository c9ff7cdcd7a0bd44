package dev.stitchd.load;

/// What is measured: `--url`, `--token` (or `STITCHD_BOOTSTRAP_TOKEN`), `--pid`.
final class Target {

  private final String url;
  private final String token;
  private final ServerProcess process;

  Target(Options options) {
    this.url = options.text("url", "http://127.0.0.1:8080");
    this.token = options.text("token", System.getenv().getOrDefault("STITCHD_BOOTSTRAP_TOKEN", ""));
    this.process = new ServerProcess(options.number("pid", 0));
  }

  Management createProject() {
    return Management.createProject(url, token);
  }

  Management project(String key) {
    return Management.ofProject(url, token, key);
  }

  Address address() {
    return Address.of(url);
  }

  Gauges gauges() {
    return new Gauges(url, token);
  }

  ServerProcess process() {
    return process;
  }
}
