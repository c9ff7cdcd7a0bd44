package dev.stitchd.ofrep;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.access.StreamTokens;
import dev.stitchd.endpoint.SdkRoute;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Where a client finds its event stream.
@Component
final class EventStreamLink {

  /// What bulk answers say; empty while there is no token to be had.
  ///
  /// @param requestUri path and query, with the token in it
  record Target(String requestUri, long inactivitySeconds) {

    /// Keeps the token out of logs.
    @Override
    public String toString() {
      return "Target[…]";
    }
  }

  private final StreamTokens tokens;
  private final String address;
  private final long inactivitySeconds;

  EventStreamLink(StreamTokens tokens, OfrepSettings settings) {
    this.tokens = tokens;
    this.address = settings.acceptedPathPrefix() + SdkRoute.OFREP_STREAM.pattern() + "?token=";
    this.inactivitySeconds = Math.max(1, settings.inactivity().toSeconds());
  }

  /// The stream of a caller; empty while tokens cannot be signed. Never fails.
  Mono<Target> of(SdkCaller caller) {
    return tokens.issue(caller).map(token -> new Target(address + token, inactivitySeconds));
  }
}
