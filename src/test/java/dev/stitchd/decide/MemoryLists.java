package dev.stitchd.decide;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.segment.Memberships;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import reactor.core.publisher.Mono;

/// Lists in memory that can be made unavailable, and count how often they are asked.
final class MemoryLists implements Memberships {

  private final List<Listing> all = new ArrayList<>();
  private boolean failing;
  private int asked;

  void add(String segment, String key, boolean included) {
    all.add(new Listing(segment, key, included));
  }

  void fail() {
    failing = true;
  }

  int asked() {
    return asked;
  }

  @Override
  public Mono<List<Listing>> listings(
      EnvironmentId environment, Collection<String> segments, Collection<String> keys) {
    asked++;
    return failing
        ? Mono.error(new Problem.Unavailable("out", Duration.ofSeconds(1)))
        : Mono.just(
            all.stream()
                .filter(l -> segments.contains(l.segment()) && keys.contains(l.key()))
                .toList());
  }
}
