package dev.stitchd.kernel;

/// What is at the bottom of a failure, in a few words for a log line.
public final class RootCause {

  private RootCause() {}

  /// The first line of the root cause's message; its type if it has none.
  public static String of(Throwable failure) {
    var root = failure;
    for (var cause = root.getCause(); cause != null; cause = root.getCause()) {
      root = cause;
    }
    var type = root.getClass().getSimpleName();
    var message = root.getMessage();
    return message == null
        ? type
        : message.lines().filter(line -> !line.isBlank()).findFirst().orElse(type);
  }
}
