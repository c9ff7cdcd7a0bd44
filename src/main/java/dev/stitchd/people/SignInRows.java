package dev.stitchd.people;

import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import io.r2dbc.spi.Readable;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// `login_attempts` and `sessions`, and the account that an e-mail address names in whatever
/// tenant.
final class SignInRows {

  private static final String ACCOUNT =
      "SELECT tenant_id, id, password, second_factor FROM stitchd_account($1)";
  private static final String ANY_ACCOUNT = "SELECT stitchd_any_account() AS found";

  private static final String TENANT = "SELECT id FROM tenants WHERE key = $1";
  private static final String TENANT_KEY = "SELECT key FROM tenants WHERE id = $1";

  /// Only one node at a time may find that there is no account.
  private static final String ALONE =
      "SELECT pg_advisory_xact_lock(hashtext('stitchd first account'))";

  /// Attempts from one address are counted one after another, on whatever nodes.
  private static final String IN_TURN = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";

  private static final String ATTEMPT =
      "INSERT INTO login_attempts (account, address) VALUES ($1, $2) RETURNING id";
  private static final String COUNT =
      """
      SELECT count(*) FILTER (WHERE account = $1) AS of_account, count(*) AS of_address,
             extract(epoch FROM min(created_at) + make_interval(secs => $3) - now())::bigint AS wait
        FROM login_attempts WHERE address = $2 AND created_at > now() - make_interval(secs => $3)
      """;
  private static final String FORGET = "DELETE FROM login_attempts WHERE id = $1";
  private static final String FORGET_OLD =
      "DELETE FROM login_attempts WHERE created_at < now() - make_interval(secs => $1)";

  private static final String OPEN =
      """
      INSERT INTO sessions (tenant_id, user_id, hash, idle, ends_at, address)
      VALUES ($1, $2, $3, make_interval(secs => $4), now() + make_interval(secs => $5), $6) RETURNING id
      """;
  private static final String END_OLDEST =
      """
      DELETE FROM sessions WHERE tenant_id = $1 AND id IN
        (SELECT id FROM sessions WHERE tenant_id = $1 AND user_id = $2 ORDER BY created_at DESC OFFSET $3)
      """;
  private static final String END =
      "DELETE FROM sessions WHERE tenant_id = $1 AND hash = $2 RETURNING user_id";
  private static final String END_OTHERS =
      "DELETE FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND hash <> $3";
  private static final String CLEAR_ENDED = "SELECT stitchd_clear_ended() AS cleared";

  /// Who signs in by an e-mail address.
  ///
  /// @param password the hash; null for who signs in elsewhere
  /// @param secondFactor the encrypted secret; null if none is asked for
  record Account(
      TenantId tenant, UUID id, @Nullable String password, @Nullable String secondFactor) {}

  /// How often was tried lately, this time among it.
  ///
  /// @param secondsLeft how many seconds until the first of them counts no more
  record Counted(long ofAccount, long ofAddress, long secondsLeft) {}

  private SignInRows() {}

  static Mono<Account> account(Session session, String email) {
    return session.one(ACCOUNT, SignInRows::account, email);
  }

  static Mono<Boolean> anyAccount(Session session) {
    return session.one(ANY_ACCOUNT, row -> Columns.bool(row, "found"));
  }

  /// A tenant by its key.
  static Mono<TenantId> tenant(Session session, String key) {
    return session.one(TENANT, row -> Columns.uuid(row, "id"), key).map(TenantId::new);
  }

  /// The key of a tenant.
  static Mono<String> tenantKey(Session session, TenantId tenant) {
    return session.one(TENANT_KEY, row -> Columns.text(row, "key"), tenant.value());
  }

  static Mono<Boolean> alone(Session session) {
    return session.one(ALONE, _ -> true);
  }

  /// Notes an attempt before it is known to be right; its number.
  static Mono<Long> attempt(Session session, byte[] account, String address) {
    return session
        .one(IN_TURN, _ -> true, "stitchd attempts from " + address)
        .then(
            Mono.defer(() ->
                session.one(
                    ATTEMPT, row -> Columns.number(row, "id"), ByteBuffer.wrap(account), address)));
  }

  static Mono<Counted> count(Session session, byte[] account, String address, Duration window) {
    return session.one(
        COUNT,
        row ->
            new Counted(
                Columns.number(row, "of_account"),
                Columns.number(row, "of_address"),
                Columns.number(row, "wait")),
        ByteBuffer.wrap(account),
        address,
        seconds(window));
  }

  static Mono<Long> forget(Session session, long attempt) {
    return session.run(FORGET, attempt);
  }

  static Mono<Long> forgetOld(Session session, Duration window) {
    return session.run(FORGET_OLD, seconds(window));
  }

  /// A new session; of more than `most` the oldest end.
  static Mono<UUID> open(
      Session session,
      TenantId tenant,
      UUID user,
      byte[] hash,
      String address,
      SignInSettings settings) {
    return session
        .one(
            OPEN,
            row -> Columns.uuid(row, "id"),
            tenant.value(),
            user,
            ByteBuffer.wrap(hash),
            seconds(settings.sessionIdle()),
            seconds(settings.sessionLongest()),
            address)
        .delayUntil(_ -> session.run(END_OLDEST, tenant.value(), user, settings.sessions()));
  }

  /// Ends a session; whose it was, empty if there is none.
  static Mono<UUID> end(Session session, TenantId tenant, byte[] hash) {
    return session.one(
        END, row -> Columns.uuid(row, "user_id"), tenant.value(), ByteBuffer.wrap(hash));
  }

  /// Ends a person's sessions.
  ///
  /// @param but the hash of one that stays; empty for none
  static Mono<Long> endOthers(Session session, TenantId tenant, UUID user, byte[] but) {
    return session.run(END_OTHERS, tenant.value(), user, ByteBuffer.wrap(but));
  }

  static Mono<Long> clearEnded(Session session) {
    return session.one(CLEAR_ENDED, row -> Columns.number(row, "cleared"));
  }

  private static Account account(Readable row) {
    return new Account(
        new TenantId(Columns.uuid(row, "tenant_id")),
        Columns.uuid(row, "id"),
        row.get("password", String.class),
        row.get("second_factor", String.class));
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1_000.0;
  }
}
