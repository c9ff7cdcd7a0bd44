package dev.stitchd.postgres;

import dev.stitchd.kernel.Allowed;
import dev.stitchd.kernel.CheckedSettings;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// How to reach PostgreSQL; `STITCHD_POSTGRES_…`.
///
/// @param url `postgresql://user:password@host:port/database?sslmode=…`
/// @param managementConnections most connections for the management plane
/// @param readerConnections most connections for the SDK plane
/// @param waitingRequests most requests that may wait for a connection of one pool; more are
///   refused at once
/// @param managementAcquireTimeout how long a request of the management plane waits for a
///   connection; longer than the SDK plane's, since many editors at once wait for one lock
/// @param readerAcquireTimeout how long a request of the SDK plane waits for a connection
/// @param connectTimeout how long opening a connection may take
/// @param statementTimeout when PostgreSQL ends a statement
/// @param lockTimeout when PostgreSQL gives up waiting for a lock
/// @param startWait how long the first start waits for PostgreSQL to appear
@ConfigurationProperties("stitchd.postgres")
record PostgresSettings(
    @Nullable String url,
    @DefaultValue("8") int managementConnections,
    @DefaultValue("8") int readerConnections,
    @DefaultValue("1000") int waitingRequests,
    @DefaultValue("10s") Duration managementAcquireTimeout,
    @DefaultValue("3s") Duration readerAcquireTimeout,
    @Allowed(to = "24h") @DefaultValue("3s") Duration connectTimeout,
    @DefaultValue("10s") Duration statementTimeout,
    @DefaultValue("8s") Duration lockTimeout,
    @Allowed(from = "0s") @DefaultValue("30s") Duration startWait)
    implements CheckedSettings {

  @Override
  public void check() {
    var _ = PostgresAddress.parse(url);
  }

  /// The URL holds a password.
  @Override
  public String toString() {
    return "PostgresSettings[…]";
  }
}
