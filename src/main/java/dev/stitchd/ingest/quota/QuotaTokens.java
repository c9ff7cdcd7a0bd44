package dev.stitchd.ingest.quota;

import dev.stitchd.kernel.EnvironmentId;
import java.util.Collection;
import java.util.List;
import reactor.core.publisher.Mono;

/// The token buckets that the nodes of an installation share: one event, one token.
public interface QuotaTokens {

  /// Whose tokens.
  enum Share {
    /// Everybody's events.
    ALL,
    /// The part of an environment's quota that client keys may use.
    CLIENT
  }

  /// One bucket.
  record Bucket(EnvironmentId environment, Share share) {}

  /// What a node asks of a bucket.
  ///
  /// @param wanted how many tokens; negative to give some back
  /// @param perSecond how fast the bucket fills
  /// @param burst how many tokens it holds at most
  record Ask(Bucket bucket, double wanted, double perSecond, double burst) {}

  /// What the node gets: as much as was asked for, or all there was.
  record Lease(Bucket bucket, double granted) {}

  /// Asks all buckets in one statement; those of environments that are gone are left out. Fails
  /// with [dev.stitchd.kernel.Problem.Unavailable]; on an R2DBC event loop.
  Mono<List<Lease>> lease(Collection<Ask> asks);
}
