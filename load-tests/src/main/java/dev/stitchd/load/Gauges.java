package dev.stitchd.load;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What the server's own metrics say about what it holds for streams.
///
/// @param url where it listens
/// @param token an API token, which `/metrics` asks for
record Gauges(String url, String token) {

  /// What must be back where it was once the streams are gone.
  private static final List<String> HELD =
      List.of(
          "stitchd_streams",
          "stitchd_stream_open",
          "stitchd_propagation_environments",
          "stitchd_snapshot_lag",
          "stitchd_snapshot_environments");

  /// The sum over all tags of each; zero where there is none.
  Map<String, Double> now() throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(URI.create(url + "/metrics"))
            .header("Authorization", "Bearer " + token)
            .build();
    try (var http = HttpClient.newHttpClient()) {
      var answer = http.send(request, BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new IllegalStateException("/metrics answered " + answer.statusCode());
      }
      return read(answer.body());
    }
  }

  private static Map<String, Double> read(String text) {
    var sums = new TreeMap<String, Double>();
    HELD.forEach(name -> sums.put(name, 0.0));
    for (var line : text.lines().toList()) {
      var name = line.split("[{ ]", 2)[0];
      if (sums.containsKey(name)) {
        var value = Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
        sums.merge(name, value, Double::sum);
      }
    }
    return sums;
  }
}
