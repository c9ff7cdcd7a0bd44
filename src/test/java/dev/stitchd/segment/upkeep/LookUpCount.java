package dev.stitchd.segment.upkeep;

import dev.stitchd.dev.Server;
import reactor.core.publisher.Mono;

/// How many look-ups of keys a server's PostgreSQL has counted.
public final class LookUpCount {

  private LookUpCount() {}

  public static Mono<Long> of(Server server) {
    return server.bean(UpkeepRows.class).lookUps();
  }
}
