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
///
/// Before all of them, policies that name the owner of the tables are made to name the one that
/// there is: a restore under another owner, or `REASSIGN OWNED`, leaves them with the former one,
/// and then the new owner's functions, which SDKs are served by, find nothing.
final class SchemaRows extends BaseCallback {

  private static final Duration MOST = Duration.ofSeconds(1);

  /// How PostgreSQL says that it gave up waiting for a lock, or that another session waits for one
  /// of this and this for one of the other's.
  private static final Set<String> LOCK_NOT_HAD = Set.of("55P03", "40P01");

  /// Several nodes may start at once: whoever comes second finds it done.
  private static final String POLICIES =
      """
      DO $$
      DECLARE
        p record;
        t text;
      BEGIN
        SELECT min(c.relname) INTO t FROM pg_class c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relforcerowsecurity
           AND NOT EXISTS (SELECT FROM pg_policy x WHERE x.polrelid = c.oid AND x.polname = 'of_owner');
        IF t IS NOT NULL THEN
          RAISE EXCEPTION 'the table % lacks the policy of its owner, as after a restore where the former owner''s role did not exist: restore once more into an empty database, after CREATE ROLE … NOLOGIN for each role that the restore did not find', t;
        END IF;
        FOR i IN 1..2 LOOP
          FOR p IN SELECT x.polname AS name, c.oid::regclass AS of_table, o.rolname AS owner
                     FROM pg_policy x JOIN pg_class c ON c.oid = x.polrelid JOIN pg_roles o ON o.oid = c.relowner
                    WHERE c.relnamespace = 'public'::regnamespace AND x.polroles <> ARRAY[c.relowner]
                      AND NOT EXISTS (SELECT FROM unnest(x.polroles) AS r (id) LEFT JOIN pg_roles n ON n.oid = r.id
                                       WHERE r.id = 0 OR n.rolname IN ('stitchd_app', 'stitchd_reader')) LOOP
            IF i = 1 THEN
              PERFORM pg_advisory_xact_lock(hashtextextended('stitchd policies', 0));
              EXIT;
            END IF;
            EXECUTE format('ALTER POLICY %I ON %s TO %I', p.name, p.of_table, p.owner);
          END LOOP;
        END LOOP;
      END $$
      """;

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
    return event == Event.BEFORE_MIGRATE || event == Event.BEFORE_EACH_MIGRATE;
  }

  @Override
  public void handle(Event event, Context context) {
    try (var statement = context.getConnection().createStatement()) {
      statement.execute(event == Event.BEFORE_MIGRATE ? POLICIES : limit);
    } catch (SQLException e) {
      throw new FlywayException(
          "the policies of the owner, or the time that a lock is waited for, could not be set", e);
    }
  }
}
