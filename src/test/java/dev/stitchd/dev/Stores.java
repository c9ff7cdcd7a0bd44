package dev.stitchd.dev;

import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;

/// The stores that tests run on, one of each for this JVM, started when first asked for and closed
/// when the JVM ends:
///
/// 1. the ones whose URLs are given, `STITCHD_TEST_POSTGRES_URL` and `STITCHD_TEST_CLICKHOUSE_URL`;
/// 2. containers, if a Docker engine answers;
/// 3. embedded: PostgreSQL's own binaries, and ClickHouse as a child process.
///
/// A test takes a new empty database, so tests do not see each other. Blocks; for ordinary threads.
public final class Stores {

  private static final String POSTGRES_VARIABLE = "STITCHD_TEST_POSTGRES_URL";
  private static final String CLICKHOUSE_VARIABLE = "STITCHD_TEST_CLICKHOUSE_URL";
  private static final Stores SHARED = new Stores();

  private String postgres;
  private String clickHouse;
  private OwnClickHouse ownClickHouse;

  private Stores() {}

  /// The stores of this JVM. Costs nothing until a database is asked for.
  public static Stores shared() {
    return SHARED;
  }

  /// A new empty PostgreSQL database: `postgresql://user:password@127.0.0.1:port/database`.
  public StoresDatabase freshPostgres() {
    return freshDatabase(postgres());
  }

  /// A new empty ClickHouse database: `http://user:password@127.0.0.1:port/database`; the embedded
  /// engine's user has no password: `http://default@127.0.0.1:port/database`.
  public StoresDatabase freshClickHouse() {
    return freshDatabase(clickHouse());
  }

  private synchronized String postgres() {
    if (postgres == null) {
      postgres =
          choose(
              POSTGRES_VARIABLE,
              () -> DockerStores.postgres("").url(),
              () -> OwnPostgres.started().url());
    }
    return postgres;
  }

  private synchronized String clickHouse() {
    if (clickHouse == null) {
      clickHouse =
          choose(
              CLICKHOUSE_VARIABLE,
              () -> DockerStores.clickHouse("").url(),
              () -> ownClickHouse().url());
    }
    return clickHouse;
  }

  /// The engine of [#freshClickHouse] if it is embedded; one that nobody uses otherwise.
  synchronized OwnClickHouse ownClickHouse() {
    if (ownClickHouse == null) {
      ownClickHouse = OwnClickHouse.started();
    }
    return ownClickHouse;
  }

  private static String choose(
      String variable, Supplier<String> docker, Supplier<String> embedded) {
    var given = System.getenv(variable);
    if (given != null && !given.isBlank()) {
      return given;
    }
    return DockerStores.available() ? docker.get() : embedded.get();
  }

  static StoresDatabase freshDatabase(String url) {
    var store = StoreUrl.of(url);
    var bytes = new byte[6];
    ThreadLocalRandom.current().nextBytes(bytes);
    var name = "stitchd_" + HexFormat.of().formatHex(bytes);
    var _ = store.query("CREATE DATABASE " + name);
    if (url.equals(System.getenv(POSTGRES_VARIABLE))
        || url.equals(System.getenv(CLICKHOUSE_VARIABLE))) {
      // Given stores outlive this JVM and are not to be littered; the others go as a whole.
      OwnFolders.closeAtExit(() -> drop(store, name));
    }
    return new StoresDatabase(store.withDatabase(name));
  }

  private static void drop(StoreUrl store, String name) {
    try {
      var force = store.isPostgres() ? " WITH (FORCE)" : "";
      var _ = store.query("DROP DATABASE IF EXISTS " + name + force);
    } catch (IllegalStateException _) {
      // the store has gone, and the database with it
    }
  }
}
