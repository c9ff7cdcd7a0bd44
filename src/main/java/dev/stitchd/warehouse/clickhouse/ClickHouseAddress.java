package dev.stitchd.warehouse.clickhouse;

import dev.stitchd.kernel.StartFailure;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The parts of `STITCHD_CLICKHOUSE_URL`. Prints itself without the password.
public record ClickHouseAddress(
    boolean secure, String host, int port, String database, String user, String password) {

  private static final String FORM = "http(s)://user:password@host:8123/database";
  private static final Pattern DATABASE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,62}");

  /// Reads the setting.
  ///
  /// @throws StartFailure that says what the setting must look like, never repeating the password
  public static ClickHouseAddress parse(@Nullable String url) {
    if (url == null || url.isBlank()) {
      throw new StartFailure(
          "Stitchd needs ClickHouse: set STITCHD_CLICKHOUSE_URL to "
              + FORM
              + ", or try it without any database by running mvn spring-boot:test-run in a checkout.",
          null);
    }
    try {
      var uri = new URI(url);
      var scheme = uri.getScheme();
      if (uri.getHost() == null || !("http".equals(scheme) || "https".equals(scheme))) {
        throw unreadable();
      }
      var path = uri.getPath();
      var database = path == null || path.length() < 2 ? "default" : path.substring(1);
      if (!DATABASE.matcher(database).matches()) {
        throw unreadable();
      }
      boolean secure = "https".equals(scheme);
      var user =
          uri.getRawUserInfo() == null
              ? new String[] {"default"}
              : uri.getRawUserInfo().split(":", 2);
      return new ClickHouseAddress(
          secure,
          uri.getHost(),
          uri.getPort() >= 0 ? uri.getPort() : secure ? 8443 : 8123,
          database,
          decode(user[0]),
          user.length > 1 ? decode(user[1]) : "");
    } catch (URISyntaxException _) {
      throw unreadable();
    }
  }

  /// The same at another server.
  public ClickHouseAddress at(String other) {
    return new ClickHouseAddress(secure, other, port, database, user, password);
  }

  /// Scheme, host and port.
  public String origin() {
    return (secure ? "https" : "http") + "://" + host + ":" + port;
  }

  /// The same for Flyway's JDBC connection; user and password go beside it.
  public String jdbcUrl() {
    return "jdbc:clickhouse:" + origin() + "/" + database;
  }

  @Override
  public String toString() {
    return host + ":" + port + "/" + database;
  }

  private static StartFailure unreadable() {
    return new StartFailure(
        "STITCHD_CLICKHOUSE_URL cannot be read; it must look like "
            + FORM
            + " (the database's name of letters, digits and _; percent-encode special characters of the password).",
        null);
  }

  private static String decode(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}
