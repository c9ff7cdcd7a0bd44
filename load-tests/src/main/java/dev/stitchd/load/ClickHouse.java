package dev.stitchd.load;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// ClickHouse past the server: what it stores, and rows put straight into it. Blocking.
final class ClickHouse {

  /// Each insert of ours becomes one part of one partition and takes the next block number of that
  /// partition; merges take none.
  private static final String PARTS_MADE =
      "SELECT sum(last) FROM (SELECT max(max_block_number) AS last FROM system.parts WHERE database = currentDatabase() AND table IN ('evaluation_events', 'track_events', 'flag_counts') GROUP BY table, partition)";

  private static final String BYTES_PER_ROW =
      "SELECT sum(bytes_on_disk) / sum(rows) FROM system.parts WHERE database = currentDatabase() AND active AND table = 'evaluation_events'";

  private final URI url;

  /// @param options `clickhouse`, or the variable `STITCHD_CLICKHOUSE_URL`; empty for none
  ClickHouse(Options options) {
    url =
        URI.create(
            options.text("clickhouse", System.getenv().getOrDefault("STITCHD_CLICKHOUSE_URL", "")));
  }

  boolean isKnown() {
    return url.getHost() != null;
  }

  boolean answers() {
    try {
      return number("SELECT 1") == 1;
    } catch (IllegalStateException _) {
      return false;
    }
  }

  /// How many parts inserts have made so far, in all tables of events; not a number if ClickHouse
  /// is not known.
  double partsMade() {
    return isKnown() ? number(PARTS_MADE) : Double.NaN;
  }

  double bytesPerRow() {
    return isKnown() ? number(BYTES_PER_ROW) : Double.NaN;
  }

  /// Address of a query that `curl` can fetch; for a user without a password.
  String address(String sql) {
    return "http://"
        + url.getRawAuthority().replaceFirst("^[^@]*@", "")
        + "/?database="
        + url.getPath().substring(1)
        + "&user="
        + (url.getUserInfo() == null ? "default" : url.getUserInfo().split(":")[0])
        + "&date_time_output_format=iso&query="
        + URLEncoder.encode(sql, StandardCharsets.UTF_8);
  }

  double number(String sql) {
    var text = run(sql).strip();
    return text.isEmpty() ? 0 : Double.parseDouble(text);
  }

  String run(String sql) {
    var request =
        HttpRequest.newBuilder(URI.create(address("")))
            .timeout(Duration.ofMinutes(3))
            .POST(HttpRequest.BodyPublishers.ofString(sql))
            .build();
    try (var http = HttpClient.newHttpClient()) {
      var answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new IllegalStateException(answer.body());
      }
      return answer.body();
    } catch (IOException e) {
      throw new IllegalStateException("ClickHouse does not answer: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
