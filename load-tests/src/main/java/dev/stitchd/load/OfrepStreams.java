package dev.stitchd.load;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.json.JsonMapper;

/// `ofrepstreams`: N of OFREP's event streams held, what each costs in memory, and how long until
/// all have been told to evaluate anew (the server spreads that over up to two seconds).
final class OfrepStreams {

  private static final String FLAG = "f";
  private static final JsonMapper JSON = new JsonMapper();

  private final Target target;
  private final Results results;
  private final String url;
  private final int clients;
  private final int rate;
  private final int threads;
  private final int settle;

  OfrepStreams(Options options) {
    this.target = new Target(options);
    this.results = new Results(options, "ofrepstreams");
    this.url = options.text("url", "http://127.0.0.1:8080");
    this.clients = options.number("clients", 5_000);
    this.rate = options.number("rate", 1_000);
    this.threads = options.number("threads", 2);
    this.settle = options.number("settle", 5);
    options.complete();
  }

  void run() throws InterruptedException, IOException {
    try (var management = target.createProject()) {
      management.visibleFlag(FLAG);
      var paths = paths(management.clientKeys(Streams.keysFor(clients)));
      try (var some = Streams.at(target.address(), paths, Math.min(clients, 500), threads)) {
        some.open(rate);
      }
      Thread.sleep(TimeUnit.SECONDS.toMillis(settle));
      var heapBefore = target.process().liveHeapBytes();
      var residentBefore = target.process().residentBytes();
      try (var streams = Streams.at(target.address(), paths, clients, threads)) {
        streams.open(rate);
        Thread.sleep(TimeUnit.SECONDS.toMillis(settle));
        var heap = (target.process().liveHeapBytes() - heapBefore) / clients;
        var resident = (target.process().residentBytes() - residentBefore) / clients;
        var sent = System.nanoTime();
        var told = streams.awaitAll(management.changeFlag(FLAG, "b"), 30);
        results
            .put("clients", clients)
            .put("held", streams.held() - streams.lost())
            .put("heap_bytes_per_connection", heap)
            .put("rss_bytes_per_connection", resident)
            .put("lastTold_ms", told ? (System.nanoTime() - sent) / 1e6 : Double.NaN)
            .write();
        if (!told) {
          throw new IllegalStateException("not all streams were told");
        }
      }
    }
  }

  /// Where the streams are, from the answers for all flags: one path for each key.
  private List<String> paths(List<String> keys) throws IOException, InterruptedException {
    var paths = new ArrayList<String>();
    try (var http = HttpClient.newHttpClient()) {
      for (var key : keys) {
        var request =
            HttpRequest.newBuilder(URI.create(url + "/ofrep/v1/evaluate/flags"))
                .header("X-API-Key", key)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{}"))
                .build();
        var answer = JSON.readTree(http.send(request, BodyHandlers.ofString()).body());
        paths.add(
            answer.path("eventStreams").path(0).path("endpoint").path("requestUri").asString());
      }
    }
    return paths;
  }
}
