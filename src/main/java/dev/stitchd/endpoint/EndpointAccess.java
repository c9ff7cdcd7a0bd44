package dev.stitchd.endpoint;

import dev.stitchd.access.Access;
import dev.stitchd.access.LastKey;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.access.StreamTokens;
import dev.stitchd.kernel.Problem;
import dev.stitchd.snapshot.Snapshots;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Lets callers in, whatever protocol they speak: their credential, what such a credential may
/// call, their environment. A door that is no route of [SdkRoute] asks it too, with the callers
/// that it serves. Safe from any thread, never blocks.
@Component
public final class EndpointAccess {

  private final Access access;
  private final StreamTokens tokens;
  private final Snapshots snapshots;

  public EndpointAccess(Access access, StreamTokens tokens, Snapshots snapshots) {
    this.access = access;
    this.tokens = tokens;
    this.snapshots = snapshots;
  }

  /// The client, if its key and its environment are in memory; null if [#admitted] has to find out.
  ///
  /// @param served whom what is called serves
  /// @param last what the connection presented before
  /// @param authorization the value of `Authorization`
  /// @param apiKey the value of `X-API-Key`
  /// @throws Problem.Forbidden if such a key may not call it
  public @Nullable Client known(
      SdkRoute.Callers served,
      LastKey last,
      @Nullable String authorization,
      @Nullable String apiKey) {
    var caller = access.known(last, authorization, apiKey);
    if (caller == null) {
      return null;
    }
    var snapshot = snapshots.held(checked(served, caller).environment());
    return snapshot == null ? null : new Client(caller, snapshot);
  }

  /// The client. Fails with [Problem.Unauthenticated], with [Problem.Forbidden] if such a key may
  /// not call what is called, with [Problem.Unavailable] if that cannot be found out now. On the
  /// caller's thread or an R2DBC event loop.
  public Mono<Client> admitted(
      SdkRoute.Callers served, @Nullable String authorization, @Nullable String apiKey) {
    return access
        .sdk(authorization, apiKey)
        .map(caller -> checked(served, caller))
        .flatMap(this::client);
  }

  /// The client that an event stream's token stands for. Fails as the other.
  public Mono<Client> admitted(@Nullable String streamToken) {
    return streamToken == null || streamToken.isEmpty()
        ? Mono.error(() ->
            new Problem.Unauthenticated("the stream's address, token included, is in bulk answers"))
        : tokens.holder(streamToken).flatMap(this::client);
  }

  /// What arrives from a client, for as long as its key is valid. Fails with
  /// [Problem.Unauthenticated] when the key is revoked or its environment deleted, and as the
  /// pieces do.
  public <T> Flux<T> whileValid(Client client, Flux<T> pieces) {
    return pieces.takeUntilOther(
        access
            .revocation(client.caller())
            .then(
                Mono.error(() ->
                    new Problem.Unauthenticated(
                        "the key was revoked, or its environment deleted"))));
  }

  private static SdkCaller checked(SdkRoute.Callers served, SdkCaller caller) {
    if (served == SdkRoute.Callers.SERVER_KEYS && caller.kind() != SdkCaller.Kind.SERVER) {
      throw new Problem.Forbidden(
          "this needs a server key; client keys are public and may only evaluate");
    }
    return caller;
  }

  private Mono<Client> client(SdkCaller caller) {
    return snapshots
        .current(caller.environment())
        .onErrorMap(
            Problem.NotFound.class,
            _ -> new Problem.Unauthenticated("the key's environment is gone"))
        .map(snapshot -> new Client(caller, snapshot));
  }
}
