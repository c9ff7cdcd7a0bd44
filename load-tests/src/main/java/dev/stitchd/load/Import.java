package dev.stitchd.load;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Random;

/// `import`: replaces a segment's list by an upload of a file, and lets PostgreSQL `COPY` the same
/// file, which it reads itself, into the same table with its indexes; in turns. For a database that
/// may be played with, on this machine, as a superuser.
final class Import {

  private static final String SEGMENT = "everybody";
  private static final long OWN_GENERATION = -1;

  private final Target target;
  private final Results results;
  private final String postgres;
  private final int members;
  private final int rounds;

  Import(Options options) {
    this.target = new Target(options);
    this.results = new Results(options, "import");
    this.postgres =
        options.text("postgres", System.getenv().getOrDefault("STITCHD_POSTGRES_URL", ""));
    this.members = options.number("members", 1_000_000);
    this.rounds = options.number("rounds", 3);
    options.complete();
  }

  void run() throws IOException, InterruptedException, SQLException {
    var file = file();
    try (var database = connect();
        var management = target.createProject()) {
      execute(
          database,
          "ALTER TABLE segment_list_members ALTER tenant_id SET DEFAULT gen_random_uuid(), ALTER included SET DEFAULT true, ALTER generation SET DEFAULT "
              + OWN_GENERATION);
      var uploads = new double[rounds];
      var copies = new double[rounds];
      double cpu = 0;
      for (var i = 0; i < rounds; i++) {
        copies[i] = copy(database, file);
        var before = target.process().cpuSeconds();
        uploads[i] = upload(database, management, file);
        cpu += target.process().cpuSeconds() - before;
      }
      results
          .put("members", members)
          .put("import_per_second", members / median(uploads))
          .put("copy_per_second", members / median(copies))
          .put("ratio", median(copies) / median(uploads))
          .put("import_seconds", median(uploads))
          .put("copy_seconds", median(copies))
          .put("live_heap_mb", target.process().liveHeapBytes() / 1e6)
          .put("rss_mb", target.process().residentBytes() / 1e6)
          .put("cpu_us_per_member", cpu / rounds / members * 1e6)
          .write();
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private double upload(Connection database, Management management, Path file)
      throws IOException, InterruptedException, SQLException {
    management.segment(SEGMENT);
    clean(database);
    var start = System.nanoTime();
    var rows = management.importMembers(SEGMENT, file);
    var seconds = (System.nanoTime() - start) / 1e9;
    if (rows != members || count(database) != members) {
      throw new IllegalStateException(rows + " rows and " + count(database) + " members");
    }
    management.deleteSegment(SEGMENT);
    while (count(database) > 0) {
      Thread.sleep(500);
    }
    return seconds;
  }

  private double copy(Connection database, Path file) throws SQLException {
    clean(database);
    var start = System.nanoTime();
    execute(database, "COPY segment_list_members (context_key) FROM '" + file + "'");
    var seconds = (System.nanoTime() - start) / 1e9;
    execute(database, "DELETE FROM segment_list_members WHERE generation = " + OWN_GENERATION);
    return seconds;
  }

  /// What the round before left in table, indexes and log is not this round's.
  private static void clean(Connection database) throws SQLException {
    execute(database, "VACUUM (TRUNCATE, ANALYZE) segment_list_members");
    execute(database, "REINDEX TABLE segment_list_members");
    execute(database, "CHECKPOINT");
  }

  private static long count(Connection database) throws SQLException {
    try (var statement = database.createStatement();
        var rows = statement.executeQuery("SELECT count(*) FROM segment_list_members")) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private static void execute(Connection database, String sql) throws SQLException {
    try (var statement = database.createStatement()) {
      var _ = statement.execute(sql);
    }
  }

  /// Keys in no order, readable by PostgreSQL.
  private Path file() throws IOException {
    var file =
        Files.createTempFile(
            "members",
            ".csv",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--")));
    var random = new Random(7);
    try (var out = Files.newBufferedWriter(file)) {
      for (var i = 0; i < members; i++) {
        out.write("user-%016x\n".formatted(random.nextLong()));
      }
    }
    return file;
  }

  private Connection connect() throws SQLException {
    var url = URI.create(postgres);
    var user = url.getUserInfo().split(":", 2);
    return DriverManager.getConnection(
        "jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + url.getPath(),
        user[0],
        user.length > 1 ? user[1] : "");
  }

  private static double median(double[] values) {
    var sorted = values.clone();
    java.util.Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
