package dev.stitchd.load;

import java.util.Arrays;
import java.util.Locale;

/// The lean bench: `Bench <subcommand> [--name=value …]`. README.md explains each subcommand.
public final class Bench {

  private static final String USAGE =
      "usage: Bench setup|fanout|storm|soak|rolling|ofrepstreams|polling|evaluate|grpc|start|ingest|outage|rowbinary|export|questions|import|adds|lists|membership|membershipsql|table [--name=value …]";

  private Bench() {}

  /// @param arguments a subcommand and its options
  public static void main(String[] arguments) throws Exception {
    Locale.setDefault(Locale.ROOT);
    if (arguments.length == 0) {
      System.err.println(USAGE);
      System.exit(2);
    }
    var options = new Options(arguments, 1);
    try {
      run(arguments[0], options);
    } catch (IllegalArgumentException | IllegalStateException e) {
      System.err.println(Arrays.toString(arguments) + " failed: " + e.getMessage());
      System.exit(1);
    }
  }

  private static void run(String subcommand, Options options) throws Exception {
    switch (subcommand) {
      case "setup" -> new Setup(options).run();
      case "fanout" -> new Fanout(options).run();
      case "storm" -> new Storm(options).run();
      case "soak" -> new Soak(options).run();
      case "rolling" -> new Rolling(options).run();
      case "ofrepstreams" -> new OfrepStreams(options).run();
      case "polling" -> new Polling(options).run();
      case "evaluate" -> new Evaluate(options).run();
      case "grpc" -> new Grpc(options).run();
      case "start" -> new Start(options).run();
      case "ingest" -> new Ingest(options).run();
      case "outage" -> new Outage(options).run();
      case "rowbinary" -> new RowBinary(options).run();
      case "export" -> new Export(options).run();
      case "questions" -> new Questions(options).run();
      case "lists" -> new Lists(options).run();
      case "membership" -> new Membership(options).run();
      case "membershipsql" -> new MembershipSql(options).run();
      case "adds" -> new Adds(options).run();
      case "import" -> new Import(options).run();
      case "table" -> new Table(options).run();
      default -> throw new IllegalArgumentException(USAGE);
    }
  }
}
