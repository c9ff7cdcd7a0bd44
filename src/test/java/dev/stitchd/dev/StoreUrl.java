package dev.stitchd.dev;

import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/// Looks into a store by its URL, past the server that is under test.
///
/// ```
/// StoreUrl.of(database.url()).query("SELECT count() FROM evaluations")
/// ```
///
/// Blocks; for ordinary threads.
public final class StoreUrl {

  private final URI uri;

  private StoreUrl(URI uri) {
    this.uri = uri;
  }

  public static StoreUrl of(String url) {
    return new StoreUrl(URI.create(url));
  }

  /// Runs one statement and answers its rows, each as its columns joined by a tab; a statement
  /// without a result answers no rows.
  public List<String> query(String sql) {
    return uri.getScheme().startsWith("http") ? overHttp(sql) : overJdbc(sql);
  }

  /// The same store, another database.
  public String withDatabase(String database) {
    var query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    return "%s://%s/%s%s".formatted(uri.getScheme(), uri.getRawAuthority(), database, query);
  }

  boolean isPostgres() {
    return uri.getScheme().startsWith("postgres");
  }

  public int port() {
    return uri.getPort();
  }

  private String database() {
    return uri.getPath().substring(1);
  }

  private String user() {
    return uri.getUserInfo() == null ? "default" : uri.getUserInfo().split(":", 2)[0];
  }

  private String password() {
    var parts = uri.getUserInfo() == null ? new String[0] : uri.getUserInfo().split(":", 2);
    return parts.length == 2 ? parts[1] : "";
  }

  /// A connection to a PostgreSQL, to hold on to.
  public Connection open() throws SQLException {
    var jdbc =
        "jdbc:postgresql://%s:%d/%s?connectTimeout=5&%s"
            .formatted(
                uri.getHost(),
                uri.getPort() < 0 ? 5432 : uri.getPort(),
                database(),
                uri.getRawQuery() == null ? "" : uri.getRawQuery());
    return DriverManager.getConnection(jdbc, user(), password());
  }

  private List<String> overJdbc(String sql) {
    try (var connection = open();
        var statement = connection.createStatement()) {
      var rows = new ArrayList<String>();
      if (statement.execute(sql)) {
        var result = statement.getResultSet();
        while (result.next()) {
          var row = new ArrayList<String>();
          for (var column = 1; column <= result.getMetaData().getColumnCount(); column++) {
            row.add(String.valueOf(result.getString(column)));
          }
          rows.add(String.join("\t", row));
        }
      }
      return rows;
    } catch (SQLException e) {
      throw new IllegalStateException(sql + ": " + e.getMessage(), e);
    }
  }

  private List<String> overHttp(String sql) {
    var credentials =
        Base64.getEncoder()
            .encodeToString(
                URLDecoder.decode(user() + ":" + password(), StandardCharsets.UTF_8)
                    .getBytes(StandardCharsets.UTF_8));
    var request =
        HttpRequest.newBuilder(
                URI.create(
                    "%s://%s:%d/?database=%s"
                        .formatted(
                            uri.getScheme(),
                            uri.getHost(),
                            uri.getPort(),
                            URLEncoder.encode(database(), StandardCharsets.UTF_8))))
            .timeout(Duration.ofSeconds(30))
            .header("Authorization", "Basic " + credentials)
            .POST(HttpRequest.BodyPublishers.ofString(sql))
            .build();
    // A connection left open would make the engine wait 5 s for it when it stops.
    try (var http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build()) {
      var answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new IllegalStateException(sql + ": " + answer.body());
      }
      return answer.body().isEmpty() ? List.of() : answer.body().lines().toList();
    } catch (IOException e) {
      throw new IllegalStateException(sql + ": " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
