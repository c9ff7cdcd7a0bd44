package dev.stitchd.dev;

import java.io.IOException;
import java.util.List;

/// Main class for scripts: starts both stores, prints a new empty database of each as two lines,
/// `STITCHD_POSTGRES_URL=…` and `STITCHD_CLICKHOUSE_URL=…`, and lives until standard input ends.
/// With the argument `durable` PostgreSQL is an embedded one with its own defaults, as measurements
/// need it.
public final class StoresOnly {

  private StoresOnly() {}

  public static void main(String[] arguments) throws IOException {
    try {
      var durable = List.of(arguments).contains("durable");
      var postgres =
          durable
              ? OwnPostgres.startedDurable().freshDatabase().url()
              : Stores.shared().freshPostgres().url();
      var clickHouse = Stores.shared().freshClickHouse().url();
      System.out.println("STITCHD_POSTGRES_URL=" + postgres);
      System.out.println("STITCHD_CLICKHOUSE_URL=" + clickHouse);
    } catch (StoreProblem problem) {
      System.err.println(problem.getMessage());
      System.exit(1);
    }
    var _ = System.in.transferTo(java.io.OutputStream.nullOutputStream());
    System.exit(0);
  }
}
