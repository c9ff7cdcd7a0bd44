package dev.stitchd.launch;

import java.util.Objects;
import java.util.Optional;

/// What the process was asked to do by its arguments.
public final class CommandLine {

  private static final String HELP =
      """
      Stitchd, a server of feature flags and experiments.

        java -jar stitchd-server.jar             starts the server
        java -jar stitchd-server.jar prepare     makes starts of this jar on this machine fast: unpacks it beside itself
                                                 and records how it starts (once, about half a minute; stores may be away)
        java -jar stitchd-server.jar --version
        java -jar stitchd-server.jar --help

      Settings are environment variables, see docs/configuration.md. A server needs at least
        STITCHD_POSTGRES_URL      postgresql://user:password@host:port/database
        STITCHD_CLICKHOUSE_URL    http://user:password@host:8123/database
      """;

  private CommandLine() {}

  /// Does what was asked for, unless that is to start the server here and now.
  ///
  /// @param main the class with the main method, which tells where the program lies
  /// @return the exit code; empty if this process shall become the server
  public static Optional<Integer> run(Class<?> main, String[] arguments) {
    var program = Program.of(main);
    return switch (arguments.length == 0 ? "" : arguments[0]) {
      case "--help", "-h", "help" -> said(HELP);
      case "--version", "version" -> said("Stitchd " + version(main) + "\n");
      case "prepare" -> Optional.of(new Preparation(program).run());
      case String command
          when command.isEmpty() || command.startsWith("--") -> { // Spring's options
        PreparedStart.enterIfThere(program);
        yield Optional.empty();
      }
      default -> {
        System.err.print("There is no command '" + arguments[0] + "'.\n\n" + HELP);
        yield Optional.of(2);
      }
    };
  }

  private static Optional<Integer> said(String text) {
    System.out.print(text);
    return Optional.of(0);
  }

  private static String version(Class<?> main) {
    return Objects.requireNonNullElse(
        main.getPackage().getImplementationVersion(), "(development)");
  }
}
