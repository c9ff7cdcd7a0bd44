package dev.stitchd.load;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/// People who watch events arrive, and what they are shown.
final class LiveTails implements AutoCloseable {

  private final HttpClient http = HttpClient.newHttpClient();
  private final AtomicLong shown = new AtomicLong();
  private final List<CompletableFuture<?>> tails = new ArrayList<>();

  /// @param live the address of the environment's live events
  LiveTails(String live, String token, int count) {
    for (var i = 0; i < count; i++) {
      var request =
          HttpRequest.newBuilder(URI.create(live))
              .timeout(Duration.ofSeconds(10)) // until the head of the answer
              .header("Authorization", "Bearer " + token)
              .build();
      var answer = http.sendAsync(request, BodyHandlers.ofLines()).join();
      if (answer.statusCode() != 200) {
        throw new IllegalStateException("a live tail was answered " + answer.statusCode());
      }
      tails.add(
          CompletableFuture.runAsync(
              () -> answer.body().forEach(this::line), Thread::startVirtualThread));
    }
  }

  private void line(String line) {
    if (line.startsWith("event:") && line.substring(6).strip().equals("accepted")) {
      shown.incrementAndGet();
    }
  }

  /// How many events they were shown so far, in all.
  long shown() {
    return shown.get();
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
