package dev.stitchd.warehouse.clickhouse;

import dev.stitchd.delivery.EventSink;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What an answer of ClickHouse that is not "done" means for a batch.
public final class ClickHouseFailures {

  /// The codes that speak about the data itself, so that another attempt with the same rows gives
  /// the same answer: type mismatch, data cut off or trailing, incorrect data, argument out of
  /// bounds, string too large, value out of the type's range, decimal overflow, constraint
  /// violated, cannot parse. Everything else (no memory, too many parts, read-only, no space, no
  /// access, no such table …) can heal, by itself or by a person.
  private static final Set<Integer> ABOUT_THE_DATA =
      Set.of(
          6, 26, 27, 32, 33, 38, 41, 53, 69, 72, 117, 131, 321, 349, 376, 407, 441, 467, 469, 675);

  private static final int UNKNOWN_TABLE = 60;
  private static final int UNKNOWN_DATABASE = 81;
  private static final int UNKNOWN_COLUMN = 16;

  /// ClickHouse's own messages begin so; what drivers make of them differs.
  private static final Pattern CODE = Pattern.compile("^Code: (\\d+)\\. ");

  private static final Pattern SERVER = Pattern.compile("\\(([^\\s()]+:\\d+)");

  private static final int TIME_OVER = 159;
  private static final int MEMORY_OVER = 241;

  private ClickHouseFailures() {}

  /// Whether a query was ended for what it took itself, of time or of memory. A server that has no
  /// memory left for anybody says so in the same code.
  public static boolean isTooLarge(Throwable failure) {
    for (var cause = failure; cause != null; cause = cause.getCause()) {
      var message = String.valueOf(cause.getMessage());
      var code = CODE.matcher(message);
      if (code.find()) {
        int told = number(code.group(1));
        return told == TIME_OVER || told == MEMORY_OVER && !message.contains("(total)");
      }
    }
    return false;
  }

  /// The first server of a cluster that could not be reached and without which there is no answer,
  /// as `host:port`; null if a failure is not about that.
  public static @Nullable String away(@Nullable String message) {
    if (message == null || !message.contains("ALL_CONNECTION_TRIES_FAILED")) {
      return null;
    }
    var server = SERVER.matcher(message);
    return server.find() ? server.group(1) : "one of its servers";
  }

  /// The same of a driver's failure, whose causes say it.
  public static @Nullable String away(Throwable failure) {
    for (var cause = failure; cause != null; cause = cause.getCause()) {
      var server = away(cause.getMessage());
      if (server != null) {
        return server;
      }
    }
    return null;
  }

  public static EventSink.Failure of(int status, @Nullable String exceptionCode, String body) {
    int code = number(exceptionCode);
    var away = away(body);
    var reason =
        away == null
            ? "HTTP " + status + ": " + body.lines().findFirst().orElse("no message")
            : "the shard at " + away + " does not answer";
    if (code == UNKNOWN_TABLE || code == UNKNOWN_DATABASE || code == UNKNOWN_COLUMN) {
      return new EventSink.Unavailable(reason, new SchemaMissing(reason));
    }
    return ABOUT_THE_DATA.contains(code)
        ? new EventSink.Refused(reason)
        : new EventSink.Unavailable(reason);
  }

  /// Whether a failure says that our tables are not there (any more).
  public static boolean isSchemaMissing(Throwable failure) {
    return failure.getCause() instanceof SchemaMissing;
  }

  private static int number(@Nullable String code) {
    try {
      return code == null ? -1 : Integer.parseInt(code);
    } catch (NumberFormatException _) {
      return -1;
    }
  }

  private static final class SchemaMissing extends RuntimeException {
    SchemaMissing(String reason) {
      super(reason, null, false, false);
    }
  }
}
