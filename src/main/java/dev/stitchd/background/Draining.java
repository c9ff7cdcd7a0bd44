package dev.stitchd.background;

import java.time.Duration;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/// Whether this node is being emptied, for every door: what would last longer than a request is
/// refused or said goodbye to once this has begun. Safe from any thread.
public final class Draining {

  private final Duration time;
  private final Sinks.Empty<Void> begun = Sinks.empty();
  private volatile boolean on;

  public Draining(Duration time) {
    this.time = time;
  }

  /// Over how long the goodbyes are spread.
  public Duration time() {
    return time;
  }

  public boolean hasBegun() {
    return on;
  }

  /// Completes when it begins; until then nothing.
  public Mono<Void> begun() {
    return begun.asMono();
  }

  /// Called as the process stops, by what stops first; later calls change nothing.
  public void begin() {
    on = true;
    var _ = begun.tryEmitEmpty();
  }
}
