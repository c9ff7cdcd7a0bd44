package dev.stitchd.grpc;

import dev.stitchd.access.LastKey;
import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerTransportFilter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What came with a call before its message, as far as it can carry an SDK key.
///
/// @param authorization the metadata of that name
/// @param apiKey the metadata `x-api-key`
/// @param selector the metadata `flagd-selector`
/// @param authority the host that the client thinks it speaks to
/// @param last what the connection presented before
record CallHead(
    @Nullable String authorization,
    @Nullable String apiKey,
    @Nullable String selector,
    @Nullable String authority,
    LastKey last) {

  private static final Context.Key<CallHead> KEY = Context.key("head");

  /// What every SDK key begins with.
  private static final String SDK_KEY = "sdk_";

  private static final String NAMED_KEY = "apiKey=";
  private static final String BASIC = "Basic ";
  private static final Metadata.Key<String> AUTHORIZATION = ascii("authorization");
  private static final Metadata.Key<String> API_KEY = ascii("x-api-key");
  private static final Metadata.Key<String> SELECTOR = ascii("flagd-selector");

  private static CallHead of(ServerCall<?, ?> call, Metadata headers, LastKey last) {
    return new CallHead(
        headers.get(AUTHORIZATION),
        headers.get(API_KEY),
        headers.get(SELECTOR),
        call.getAuthority(),
        last);
  }

  /// What is read here of the headers of a request over HTTP. Where a provider can name nothing but
  /// a host, `<key>@host` makes its client send the key as the user of `Basic`.
  ///
  /// @param headers the value of a header; null for none
  static Metadata metadata(Function<String, @Nullable String> headers) {
    var metadata = new Metadata();
    for (var name : List.of(AUTHORIZATION, API_KEY, SELECTOR)) {
      var value = headers.apply(name.name());
      if (value != null) {
        metadata.put(name, name == AUTHORIZATION ? bearer(value) : value);
      }
    }
    return metadata;
  }

  /// `Basic` with an SDK key as user or password, as what an SDK sends; all else as it is.
  private static String bearer(String authorization) {
    if (!authorization.regionMatches(true, 0, BASIC, 0, BASIC.length())) {
      return authorization;
    }
    try {
      var pair =
          new String(
              Base64.getDecoder().decode(authorization.substring(BASIC.length()).strip()),
              StandardCharsets.UTF_8);
      return Arrays.stream(pair.split(":", 2))
          .filter(part -> part.startsWith(SDK_KEY))
          .findFirst()
          .map(key -> "Bearer " + key)
          .orElse(authorization);
    } catch (IllegalArgumentException _) {
      return authorization;
    }
  }

  /// Of the call that is being served by this thread.
  static CallHead current() {
    return Objects.requireNonNull(KEY.get(), "asked for outside of a call");
  }

  /// The SDK key where there is none in `authorization`: the first of all other places where a
  /// provider can be made to put one.
  ///
  /// @param selector of the request; empty for none
  /// @param provider the provider's id, of the request; empty for none
  @Nullable String carried(String selector, String provider) {
    if (apiKey != null && !apiKey.isBlank()) {
      return apiKey;
    }
    var selected = this.selector == null ? null : named(this.selector);
    if (selected == null) {
      selected = named(selector);
    }
    if (selected != null) {
      return selected;
    }
    var provided = provider.startsWith(SDK_KEY) ? provider : named(provider);
    return provided == null ? label() : provided;
  }

  /// The key in a list of `name=value`; null for none.
  private static @Nullable String named(String list) {
    return Arrays.stream(list.split(","))
        .map(String::strip)
        .filter(part -> part.startsWith(NAMED_KEY))
        .map(part -> part.substring(NAMED_KEY.length()).strip())
        .filter(key -> !key.isEmpty())
        .findFirst()
        .orElse(null);
  }

  /// The first label of the host, if it is a key.
  private @Nullable String label() {
    if (authority == null || !authority.startsWith(SDK_KEY)) {
      return null;
    }
    int end = 0;
    while (end < authority.length()
        && authority.charAt(end) != '.'
        && authority.charAt(end) != ':') {
      end++;
    }
    return authority.substring(0, end);
  }

  private static Metadata.Key<String> ascii(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  /// Keeps what came with a call where its service finds it. A connection remembers the key that it
  /// presented last, so that this is hashed once.
  static final class Reader extends ServerTransportFilter implements ServerInterceptor {

    private static final Attributes.Key<LastKey> LAST = Attributes.Key.create("last key");

    @Override
    public Attributes transportReady(Attributes connection) {
      return connection.toBuilder().set(LAST, new LastKey()).build();
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      var known = call.getAttributes().get(LAST);
      var head = of(call, headers, known == null ? new LastKey() : known);
      return Contexts.interceptCall(Context.current().withValue(KEY, head), call, headers, next);
    }
  }

  /// Keeps keys out of logs.
  @Override
  public String toString() {
    return "CallHead[…]";
  }
}
