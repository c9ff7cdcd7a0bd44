package dev.stitchd.runtime;

import dev.stitchd.kernel.StartFailure;
import java.time.Duration;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/// Brings PostgreSQL's schema up to date before anything else starts. Blocks the starting thread,
/// which is no event loop; Flyway takes a lock, so several nodes may start at once.
@Component
final class Migration implements SmartLifecycle {

  /// Before every other room.
  static final int PHASE = Integer.MIN_VALUE;

  private static final Logger LOG = LoggerFactory.getLogger(Migration.class);
  private static final Duration RETRY = Duration.ofSeconds(1);

  private final PostgresAddress address;
  private final PostgresSettings settings;
  private volatile boolean done;

  Migration(PostgresAddress address, PostgresSettings settings) {
    this.address = address;
    this.settings = settings;
  }

  @Override
  public void start() {
    var flyway =
        Flyway.configure()
            .dataSource(address.jdbcUrl(), address.user(), address.password())
            .locations("classpath:db/migration/postgresql")
            .connectRetries((int) settings.startWait().dividedBy(RETRY))
            .connectRetriesInterval((int) RETRY.toSeconds())
            .load();
    try {
      var result = flyway.migrate();
      LOG.info(
          "PostgreSQL at {} is at schema {}",
          address,
          result.targetSchemaVersion == null
              ? result.initialSchemaVersion
              : result.targetSchemaVersion);
      done = true;
    } catch (FlywayException e) {
      throw new StartFailure(
          "PostgreSQL at "
              + address
              + " could not be brought up to date: check that it is reachable, that STITCHD_POSTGRES_URL's user owns the database and may create roles ("
              + rootMessage(e)
              + ").",
          e);
    }
  }

  private static String rootMessage(Throwable failure) {
    var root = failure;
    for (var cause = root.getCause(); cause != null; cause = root.getCause()) {
      root = cause;
    }
    return String.valueOf(root.getMessage()).lines().findFirst().orElse("no further message");
  }

  @Override
  public void stop() {
    done = false;
  }

  @Override
  public boolean isRunning() {
    return done;
  }

  @Override
  public int getPhase() {
    return PHASE;
  }
}
