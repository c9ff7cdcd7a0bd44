package dev.stitchd.postgres;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.callback.BaseCallback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;
import org.jspecify.annotations.Nullable;

/// Has PostgreSQL give up a migration that waits for a lock: others who need the same table wait
/// behind it, so it waits a second at most. Said in each migration's transaction, since a pooler
/// may give the next one another connection.
final class SchemaRows extends BaseCallback {

  private static final Duration MOST = Duration.ofSeconds(1);

  /// How PostgreSQL says that it gave up waiting for a lock, or that another session waits for one
  /// of this and this for one of the other's.
  private static final Set<String> LOCK_NOT_HAD = Set.of("55P03", "40P01");

  private final String limit;

  SchemaRows(Duration lockTimeout) {
    var longest = lockTimeout.compareTo(MOST) < 0 ? lockTimeout : MOST;
    this.limit = "SET LOCAL lock_timeout = " + longest.toMillis();
  }

  /// Whether a migration failed for a lock alone, and may be tried again.
  static boolean isLockNotHad(@Nullable String sqlState) {
    return sqlState != null && LOCK_NOT_HAD.contains(sqlState);
  }

  @Override
  public boolean supports(Event event, Context context) {
    return event == Event.BEFORE_EACH_MIGRATE;
  }

  @Override
  public void handle(Event event, Context context) {
    try (var statement = context.getConnection().createStatement()) {
      statement.execute(limit);
    } catch (SQLException e) {
      throw new FlywayException("the time that a lock is waited for could not be set", e);
    }
  }
}
