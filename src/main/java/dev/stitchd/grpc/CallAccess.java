package dev.stitchd.grpc;

import dev.stitchd.endpoint.Client;
import dev.stitchd.endpoint.EndpointAccess;
import dev.stitchd.endpoint.SdkRoute;
import dev.stitchd.kernel.Problem;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Lets callers in. Their SDK key is looked for wherever a provider of any language can be made to
/// put it: the metadata `authorization` and `x-api-key`, the selector, the provider's id, the first
/// label of the authority; the first that there is counts.
@Component
public final class CallAccess {

  private final EndpointAccess access;

  CallAccess(EndpointAccess access) {
    this.access = access;
  }

  /// Who makes the call that is being served by this thread, which has to be the one that called
  /// the service. Fails with [Problem.Unauthenticated], with [Problem.Forbidden] if such a key may
  /// not make it, with [Problem.Unavailable] if that cannot be found out now, and then with what
  /// the call's message lacks if it cannot be read. On this thread, or an R2DBC event loop.
  public Mono<Client> client(SdkRoute.Callers served) {
    return client(served, "", "");
  }

  /// The same for a request that can carry a key itself.
  ///
  /// @param selector empty for none
  /// @param provider the provider's id; empty for none
  public Mono<Client> client(SdkRoute.Callers served, String selector, String provider) {
    var head = CallHead.current();
    var carried = head.carried(selector, provider);
    var client = client(served, head, carried);
    var unreadable = UnreadableMessages.current();
    return unreadable == null ? client : client.then(Mono.error(unreadable));
  }

  private Mono<Client> client(SdkRoute.Callers served, CallHead head, @Nullable String carried) {
    return Mono.defer(() -> {
      if (head.authorization() == null && carried == null) {
        return Mono.error(
            new Problem.Unauthenticated(
                "send an SDK key as metadata 'authorization: Bearer sdk_…' or 'x-api-key: sdk_…', as selector or provider id 'apiKey=sdk_…', or as the first label of the authority"));
      }
      var known = access.known(served, head.last(), head.authorization(), carried);
      return known == null
          ? access.admitted(served, head.authorization(), carried)
          : Mono.just(known);
    });
  }
}
