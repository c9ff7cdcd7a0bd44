package dev.stitchd.access;

import reactor.core.publisher.Mono;

/// Short-lived credentials for event streams, which browsers can open with nothing but a URL. A
/// token stands for an SDK key, gives no more than the stream, and dies with its key. It is secret:
/// it belongs into no log.
public interface StreamTokens {

  /// The token of a key, the same on all nodes until the hour ends, and good until the end of the
  /// next one. Empty while the installation's secret cannot be read; never fails.
  Mono<String> issue(SdkCaller caller);

  /// The holder of the key that a token stands for. Fails with
  /// [dev.stitchd.kernel.Problem.Unauthenticated] for a wrong or expired token and for one whose
  /// key is gone, with [dev.stitchd.kernel.Problem.Unavailable] if that cannot be told now.
  Mono<SdkCaller> holder(String token);
}
