package dev.stitchd.postgres;

import dev.stitchd.kernel.Allowed;
import dev.stitchd.kernel.CheckedSettings;
import dev.stitchd.kernel.StartFailure;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.convert.DurationStyle;

/// How to reach PostgreSQL; `STITCHD_POSTGRES_…`.
///
/// @param url `postgresql://user:password@host:port/database?sslmode=…`
/// @param listenUrl the same database without a pooler of transactions, for what belongs to one
///   connection: listening and the lock of the schema; `url` if it is not set
/// @param readUrl a replica, or a proxy in front of several, which list look-ups and first loads of
///   environments may be read from; none if it is not set
/// @param readLag how far behind the primary what is read there may be
/// @param readConnections most connections to replicas
/// @param managementConnections most connections for the management plane; erasing holds two locks,
///   with a connection each, and needs another one to work with
/// @param readerConnections most connections for the SDK plane
/// @param waitingRequests most requests that may wait for a connection of one pool; more are
///   refused at once
/// @param managementAcquireTimeout how long a request of the management plane waits for a
///   connection; longer than the SDK plane's, since many editors at once wait for one lock
/// @param readerAcquireTimeout how long a request of the SDK plane waits for a connection
/// @param connectTimeout how long opening a connection may take
/// @param statementTimeout when PostgreSQL ends a statement
/// @param lockTimeout when PostgreSQL gives up waiting for a lock
/// @param doubtAfter a connection that nothing was heard of for so long has to prove itself before
///   it is lent; an answer that is not there after so long makes PostgreSQL be asked whether it is
///   at work on it
/// @param proofWithin how long such a proof may take; a connection that takes longer is ended
/// @param answerWithin how long an answer is waited for while it is not known whether PostgreSQL is
///   at work on it; then the connection is ended
/// @param unacknowledged how long what was sent to PostgreSQL's machine may stay unacknowledged by
///   it, and how long it may say nothing at all, before the kernel ends the connection
/// @param idleTransaction when PostgreSQL ends a transaction that nothing is heard of, and lets go
///   of its locks
/// @param migrationWait how long bringing the schema up to date waits for locks that other sessions
///   hold, and for another node that does it
/// @param olderNodes whether nodes of before version 19 of the schema serve beside this one, in an
///   upgrade
/// @param startWait how long the first start waits for PostgreSQL to appear
@ConfigurationProperties("stitchd.postgres")
record PostgresSettings(
    @Nullable String url,
    @Nullable String listenUrl,
    @Nullable String readUrl,
    @Allowed(from = "2s", to = "5m") @DefaultValue("5s") Duration readLag,
    @DefaultValue("8") int readConnections,
    @Allowed(from = "3") @DefaultValue("8") int managementConnections,
    @DefaultValue("8") int readerConnections,
    @DefaultValue("1000") int waitingRequests,
    @DefaultValue("10s") Duration managementAcquireTimeout,
    @DefaultValue("3s") Duration readerAcquireTimeout,
    @Allowed(to = "24h") @DefaultValue("2s") Duration connectTimeout,
    @DefaultValue("10s") Duration statementTimeout,
    @DefaultValue("8s") Duration lockTimeout,
    @Allowed(to = "1h") @DefaultValue("1s") Duration doubtAfter,
    @Allowed(to = "1h") @DefaultValue("500ms") Duration proofWithin,
    @Allowed(to = "1h") @DefaultValue("3s") Duration answerWithin,
    @Allowed(from = "1s", to = "1h") @DefaultValue("10s") Duration unacknowledged,
    @Allowed(to = "1h") @DefaultValue("2s") Duration idleTransaction,
    @Allowed(from = "1s", to = "24h") @DefaultValue("60s") Duration migrationWait,
    @DefaultValue("false") boolean olderNodes,
    @Allowed(from = "0s") @DefaultValue("30s") Duration startWait)
    implements CheckedSettings {

  @Override
  public void check() {
    var _ = PostgresAddress.parse(url);
    var _ = direct();
    var _ = replica();
    if (doubtAfter.compareTo(idleTransaction) > 0) {
      throw new StartFailure(
          "STITCHD_POSTGRES_DOUBT_AFTER is "
              + written(doubtAfter)
              + " and must not be longer than STITCHD_POSTGRES_IDLE_TRANSACTION, which is "
              + written(idleTransaction)
              + ": PostgreSQL would end transactions that hold a lock before this node says anything on them.",
          null);
    }
  }

  /// The way past poolers.
  PostgresAddress direct() {
    return listenUrl == null || listenUrl.isBlank()
        ? PostgresAddress.parse(url)
        : PostgresAddress.parse("STITCHD_POSTGRES_LISTEN_URL", listenUrl);
  }

  /// Where replicas are; null for none.
  @Nullable PostgresAddress replica() {
    return readUrl == null || readUrl.isBlank()
        ? null
        : PostgresAddress.parse("STITCHD_POSTGRES_READ_URL", readUrl);
  }

  private static String written(Duration time) {
    return DurationStyle.SIMPLE.print(
        time, time.toMillisPart() == 0 ? ChronoUnit.SECONDS : ChronoUnit.MILLIS);
  }

  /// The URL holds a password.
  @Override
  public String toString() {
    return "PostgresSettings[…]";
  }
}
