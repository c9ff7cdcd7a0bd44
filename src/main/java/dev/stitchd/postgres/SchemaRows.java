package dev.stitchd.postgres;

import java.sql.SQLException;
import java.time.Duration;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.callback.BaseCallback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;

/// Has PostgreSQL give up a migration that waits for a lock: others who need the same table wait
/// behind it. Said in each migration's transaction, since a pooler may give the next one another
/// connection.
final class SchemaRows extends BaseCallback {

  /// How PostgreSQL says that it gave up waiting for a lock.
  static final String LOCK_NOT_HAD = "55P03";

  private final String limit;

  SchemaRows(Duration lockTimeout) {
    this.limit = "SET LOCAL lock_timeout = " + lockTimeout.toMillis();
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
