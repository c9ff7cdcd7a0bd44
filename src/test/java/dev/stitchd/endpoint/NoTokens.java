package dev.stitchd.endpoint;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.access.StreamTokens;
import dev.stitchd.kernel.Problem;
import reactor.core.publisher.Mono;

/// For tests in which nobody has a token.
final class NoTokens implements StreamTokens {

  @Override
  public Mono<String> issue(SdkCaller caller) {
    return Mono.empty();
  }

  @Override
  public Mono<SdkCaller> holder(String token) {
    return Mono.error(new Problem.Unauthenticated("no such token"));
  }
}
