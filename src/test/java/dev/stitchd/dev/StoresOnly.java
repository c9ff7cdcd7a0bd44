package dev.stitchd.dev;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Main class for scripts: starts both stores, prints a new empty database of each as two lines,
/// `STITCHD_POSTGRES_URL=…` and `STITCHD_CLICKHOUSE_URL=…`, and lives until standard input ends.
/// Two lines on standard input are commands: `clickhouse kill` ends ClickHouse by SIGKILL and
/// `clickhouse start` starts it again, on the same port with the same data; only a ClickHouse of
/// this process's own obeys, not one that was given or runs in a container. With the argument
/// `durable` PostgreSQL is an embedded one with its own defaults, as measurements need it.
public final class StoresOnly {

  private StoresOnly() {}

  public static void main(String[] arguments) throws IOException {
    try {
      var durable = List.of(arguments).contains("durable");
      var postgres =
          durable
              ? OwnPostgres.startedDurable().freshDatabase().url()
              : Stores.shared().freshPostgres().url();
      System.out.println("STITCHD_POSTGRES_URL=" + postgres);
      System.out.println("STITCHD_CLICKHOUSE_URL=" + Stores.shared().freshClickHouse().url());
    } catch (StoreProblem problem) {
      System.err.println(problem.getMessage());
      System.exit(1);
    }
    obey(new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII)));
    System.exit(0);
  }

  private static void obey(BufferedReader commands) throws IOException {
    for (var command = commands.readLine(); command != null; command = commands.readLine()) {
      try {
        obey(command.strip(), Stores.shared().ownClickHouse());
      } catch (RuntimeException problem) {
        System.err.println(command + ": " + problem);
      }
    }
  }

  private static void obey(String command, OwnClickHouse own) {
    switch (command) {
      case "" -> {}
      case "clickhouse kill" -> own.kill();
      case "clickhouse start" -> own.start();
      default -> System.err.println("unknown command: " + command);
    }
  }
}
