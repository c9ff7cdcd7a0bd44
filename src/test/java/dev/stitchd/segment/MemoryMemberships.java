package dev.stitchd.segment;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import reactor.core.publisher.Mono;

/// Lists in memory that can be made unavailable, and count how often they are asked.
public final class MemoryMemberships implements Memberships {

  private record Entry(EnvironmentId environment, Listing listing) {}

  private final List<Entry> all = new ArrayList<>();
  private boolean failing;
  private int asked;

  public void add(EnvironmentId environment, String segment, String key, boolean included) {
    all.add(new Entry(environment, new Listing(segment, key, included)));
  }

  /// From now on nothing is answered.
  public void fail() {
    failing = true;
  }

  public int asked() {
    return asked;
  }

  @Override
  public Mono<List<Listing>> listings(
      EnvironmentId environment, Set<String> segments, Set<String> keys) {
    if (segments.isEmpty() || keys.isEmpty()) {
      return Mono.just(List.of());
    }
    asked++;
    return failing
        ? Mono.error(new Problem.Unavailable("out", Duration.ofSeconds(1)))
        : Mono.just(
            all.stream()
                .filter(entry -> entry.environment().equals(environment))
                .map(Entry::listing)
                .filter(l -> segments.contains(l.segment()))
                .filter(l -> keys.contains(l.key()))
                .toList());
  }
}
