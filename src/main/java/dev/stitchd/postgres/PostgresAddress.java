package dev.stitchd.postgres;

import dev.stitchd.kernel.StartFailure;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The parts of `STITCHD_POSTGRES_URL`, or of another setting of its form.
record PostgresAddress(
    String host,
    int port,
    String database,
    String user,
    @Nullable String password,
    Map<String, String> parameters) {

  private static final List<String> SSL_MODES =
      List.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");
  private static final String FORM = "postgresql://user:password@host:port/database?sslmode=…";

  /// Reads the setting.
  ///
  /// @throws StartFailure that says what the setting must look like, never repeating the password
  static PostgresAddress parse(@Nullable String url) {
    return parse("STITCHD_POSTGRES_URL", url);
  }

  /// @param setting the name of the variable
  static PostgresAddress parse(String setting, @Nullable String url) {
    if (url == null || url.isBlank()) {
      throw new StartFailure(
          "Stitchd needs PostgreSQL: set STITCHD_POSTGRES_URL to "
              + FORM
              + ", or try it without any database by running mvn spring-boot:test-run in a checkout.",
          null);
    }
    try {
      var uri = new URI(url);
      var known = "postgresql".equals(uri.getScheme()) || "postgres".equals(uri.getScheme());
      var path = uri.getPath();
      if (!known
          || uri.getHost() == null
          || uri.getRawUserInfo() == null
          || path == null
          || path.length() < 2) {
        throw unreadable(setting);
      }
      var user = uri.getRawUserInfo().split(":", 2);
      var parameters = parameters(uri.getRawQuery());
      checkSslMode(setting, parameters.get("sslmode"));
      return new PostgresAddress(
          uri.getHost(),
          uri.getPort() < 0 ? 5432 : uri.getPort(),
          path.substring(1),
          decode(user[0]),
          user.length > 1 ? decode(user[1]) : null,
          parameters);
    } catch (URISyntaxException e) {
      throw unreadable(setting);
    }
  }

  /// The same address for JDBC, without statements that are prepared for longer than a pooler keeps
  /// the connection. A connection that carries nothing any more ends after ten minutes, which no
  /// statement of a migration takes.
  String jdbcUrl() {
    var sslMode = parameters.get("sslmode");
    return "jdbc:postgresql://"
        + host
        + ":"
        + port
        + "/"
        + database
        + "?preferQueryMode=simple&connectTimeout=10&socketTimeout=600&tcpKeepAlive=true"
        + (sslMode == null ? "" : "&sslmode=" + sslMode);
  }

  @Override
  public String toString() {
    return host + ":" + port + "/" + database;
  }

  private static StartFailure unreadable(String setting) {
    return new StartFailure(
        setting
            + " cannot be read; it must look like "
            + FORM
            + " (percent-encode special characters of the password).",
        null);
  }

  private static void checkSslMode(String setting, @Nullable String mode) {
    if (mode != null && !SSL_MODES.contains(mode)) {
      throw new StartFailure(
          setting
              + " has an sslmode that is not known; set it to one of "
              + String.join(", ", SSL_MODES)
              + ".",
          null);
    }
  }

  private static Map<String, String> parameters(@Nullable String query) {
    var parameters = new LinkedHashMap<String, String>();
    if (query != null) {
      for (var pair : query.split("&")) {
        var parts = pair.split("=", 2);
        parameters.put(decode(parts[0]), parts.length > 1 ? decode(parts[1]) : "");
      }
    }
    return parameters;
  }

  private static String decode(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}
