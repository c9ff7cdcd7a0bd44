package dev.stitchd.dev;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The stores behind a development run: the given ones, else containers, else embedded engines; all
/// keep their data between runs.
///
/// @param kind how to describe them to the person at the terminal
record DevelopmentStores(String postgres, String clickHouse, String kind, List<Runnable> ends) {

  private static final String DATABASE = "stitchd";

  static DevelopmentStores in(Path folder, Map<String, String> environment) {
    var ends = new ArrayList<Runnable>();
    try {
      var docker = needed(environment) && DockerStores.available();
      var postgres = postgres(folder, environment, docker, ends);
      var clickHouse = clickHouse(folder, environment, docker, ends);
      return new DevelopmentStores(postgres.url, clickHouse.url, kind(postgres, clickHouse), ends);
    } catch (RuntimeException e) {
      ends.reversed().forEach(Runnable::run);
      throw e;
    }
  }

  /// Ends what was started here.
  void close() {
    ends.reversed().forEach(Runnable::run);
  }

  private record Chosen(String url, String kind) {}

  private static boolean needed(Map<String, String> environment) {
    return !environment.containsKey("STITCHD_POSTGRES_URL")
        || !environment.containsKey("STITCHD_CLICKHOUSE_URL");
  }

  private static String kind(Chosen postgres, Chosen clickHouse) {
    return "PostgreSQL %s, ClickHouse %s".formatted(postgres.kind, clickHouse.kind);
  }

  private static Chosen postgres(
      Path folder, Map<String, String> environment, boolean docker, List<Runnable> ends) {
    var given = environment.getOrDefault("STITCHD_POSTGRES_URL", "");
    if (!given.isBlank()) {
      return new Chosen(given, "as given");
    }
    if (docker) {
      say("PostgreSQL in a container");
      var container = DockerStores.postgres(volume("postgres", folder));
      ends.add(container::stop);
      return new Chosen(container.url(), "in a container");
    }
    say("PostgreSQL (embedded)");
    var engine = OwnPostgres.in(folder.resolve("postgres"), EngineProcess.freePort());
    engine.start();
    ends.add(engine::stop);
    var store = StoreUrl.of(engine.url());
    if (store.query("SELECT 1 FROM pg_database WHERE datname = '" + DATABASE + "'").isEmpty()) {
      var _ = store.query("CREATE DATABASE " + DATABASE);
    }
    return new Chosen(store.withDatabase(DATABASE), "embedded");
  }

  private static Chosen clickHouse(
      Path folder, Map<String, String> environment, boolean docker, List<Runnable> ends) {
    var given = environment.getOrDefault("STITCHD_CLICKHOUSE_URL", "");
    if (!given.isBlank()) {
      return new Chosen(given, "as given");
    }
    if (docker) {
      say("ClickHouse in a container");
      var container = DockerStores.clickHouse(volume("clickhouse", folder));
      ends.add(container::stop);
      return new Chosen(container.url(), "in a container");
    }
    say("ClickHouse (" + (InstalledClickHouse.usable() ? "installed" : "embedded") + ")");
    var engine = OwnClickHouse.in(folder.resolve("clickhouse"), EngineProcess.freePort());
    engine.start();
    ends.add(engine::stop);
    var store = StoreUrl.of(engine.url());
    var _ = store.query("CREATE DATABASE IF NOT EXISTS " + DATABASE);
    return new Chosen(
        store.withDatabase(DATABASE), InstalledClickHouse.usable() ? "installed" : "embedded");
  }

  private static void say(String what) {
    System.out.println("Starting " + what + " …");
  }

  private static String volume(String store, Path folder) {
    return "stitchd-dev-%s-%08x".formatted(store, folder.toString().hashCode());
  }
}
