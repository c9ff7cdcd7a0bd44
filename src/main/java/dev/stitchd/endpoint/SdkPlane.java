package dev.stitchd.endpoint;

import dev.stitchd.access.LastKey;
import dev.stitchd.boundary.Failures;
import dev.stitchd.boundary.PlainRequests;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.StartFailure;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.util.AsciiString;
import io.netty.util.AttributeKey;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.boot.reactor.netty.NettyRouteProvider;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.channel.AbortedException;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.server.HttpServerRoutes;

/// Serves the SDK plane, in the HTTP server itself and before the framework of the management
/// plane, whose machinery would cost more than most of these answers do. Each request goes one way:
/// its route's headers, who calls, whether its page may, its endpoint, the answer or the refusal,
/// the timer. Where key and environment are in memory, that is one call on the connection's event
/// loop; a trace or a limit on requests would begin in [#serve].
@Component
public final class SdkPlane implements NettyRouteProvider {

  private static final AsciiString API_KEY = AsciiString.cached("X-API-Key");
  private static final AttributeKey<LastKey> LAST_KEY = AttributeKey.valueOf(LastKey.class, "last");

  private final EndpointAccess access;
  private final Failures failures;
  private final RequestTimers timers;
  private final Map<SdkRoute, Endpoint> endpoints = new EnumMap<>(SdkRoute.class);

  public SdkPlane(
      EndpointAccess access, List<Endpoint> endpoints, Failures failures, MeterRegistry meters) {
    this.access = access;
    this.failures = failures;
    this.timers = new RequestTimers(meters);
    endpoints.forEach(this::add);
  }

  private void add(Endpoint endpoint) {
    if (endpoints.put(endpoint.route(), endpoint) != null) {
      throw new IllegalStateException(endpoint.route() + " has two endpoints");
    }
  }

  /// Refuses to serve a table of which a part would be answered by nobody.
  ///
  /// @throws StartFailure that names the routes without an endpoint
  SdkPlane whole() {
    var missing = EnumSet.complementOf(EnumSet.copyOf(endpoints.keySet()));
    if (!missing.isEmpty()) {
      throw new StartFailure(
          "The routes "
              + missing
              + " of the SDK plane have no endpoint: a bean of type Endpoint has to serve each of them.",
          null);
    }
    return this;
  }

  @Override
  public HttpServerRoutes apply(HttpServerRoutes routes) {
    return routes
        .route(request -> endpoint(request) != null, this::serve)
        .route(SdkPlane::isUnreadable, this::refuseUnreadable);
  }

  private @Nullable Endpoint endpoint(HttpServerRequest request) {
    var uri = request.uri();
    if (uri.startsWith("/api/")) {
      return null;
    }
    var path = path(uri, request);
    if (path == null) {
      return null;
    }
    var route =
        request.method().equals(HttpMethod.OPTIONS)
                && BrowserOrigins.isPreflight(request.requestHeaders())
            ? SdkRoute.forBrowsers(path)
            : SdkRoute.of(path);
    return route == null ? null : endpoints.get(route);
  }

  /// The path of an address; null if it cannot be read.
  private static @Nullable String path(String uri, HttpServerRequest request) {
    if (uri.indexOf('?') < 0 && uri.startsWith("/") && uri.indexOf('#') < 0) {
      return PlainRequests.path(uri);
    }
    return isUnreadable(request) ? null : PlainRequests.path(request.fullPath());
  }

  /// Whether an address is none that a request may have (RFC 9112, 3.2): a path, a whole URL, or
  /// the asterisk of OPTIONS. The HTTP server would fail with it, the framework of the management
  /// plane refuse it without a word or take its beginning for a host's name.
  private static boolean isUnreadable(HttpServerRequest request) {
    var uri = request.uri();
    try {
      return uri.startsWith("/")
          ? new URI("http://any" + uri).getRawPath() == null
          : !uri.equals("*") && new URI(uri).getRawAuthority() == null;
    } catch (URISyntaxException _) {
      return true;
    }
  }

  private Publisher<Void> refuseUnreadable(HttpServerRequest request, HttpServerResponse response) {
    var refusal =
        failures.refusal(
            new Problem.Malformed("the address of this request cannot be read"),
            request.method().name(),
            request.uri());
    var answer =
        HttpAnswer.of(refusal.status().value(), "application/problem+json", refusal.body())
            .with(HttpHeaderNames.CACHE_CONTROL, "no-store");
    return write(response, answer, request.method());
  }

  private Publisher<Void> serve(HttpServerRequest received, HttpServerResponse response) {
    var endpoint = Objects.requireNonNull(endpoint(received));
    var path = Objects.requireNonNull(path(received.uri(), received));
    var request = new SdkRequest(endpoint.route(), received, response, path);
    if (received.method().equals(HttpMethod.OPTIONS)) {
      return write(request, BrowserOrigins.preflight(), null);
    }
    headOfAll(request);
    try {
      var client = known(request);
      return client == null
          ? whenAdmitted(endpoint, request)
          : carryOut(endpoint, request, served(endpoint, request, client));
    } catch (RuntimeException failure) {
      return refuse(endpoint, request, failure);
    }
  }

  /// What every answer of a route carries.
  private static void headOfAll(SdkRequest request) {
    var head = request.response().responseHeaders();
    head.set(HttpHeaderNames.CACHE_CONTROL, request.route().cacheControl());
    head.set(HttpHeaderNames.VARY, request.route().vary());
    if (request.route().allowsOrigins()) {
      BrowserOrigins.expose(request.requestHeaders(), head);
    }
  }

  private @Nullable Client known(SdkRequest request) {
    return request.route().callers() == SdkRoute.Callers.STREAM_TOKENS
        ? null
        : access.known(
            request.route().callers(),
            lastKey(request.channel()),
            request.header(HttpHeaderNames.AUTHORIZATION),
            request.header(API_KEY));
  }

  /// What the connection, which in HTTP/2 has a channel for each request, presented last.
  private static LastKey lastKey(Channel channel) {
    var connection = channel instanceof Http2StreamChannel ? channel.parent() : channel;
    var attribute = connection.attr(LAST_KEY);
    var known = attribute.get();
    if (known != null) {
      return known;
    }
    var first = new LastKey();
    attribute.set(first);
    return first;
  }

  private Mono<Void> whenAdmitted(Endpoint endpoint, SdkRequest request) {
    return admitted(request)
        .publishOn(Schedulers.fromExecutor(request.channel().eventLoop()))
        .map(client -> served(endpoint, request, client))
        .onErrorResume(failure -> Mono.just(new Reply.Refused(failure)))
        .flatMap(reply -> carryOut(endpoint, request, reply));
  }

  private Mono<Client> admitted(SdkRequest request) {
    return request.route().callers() == SdkRoute.Callers.STREAM_TOKENS
        ? access.admitted(request.parameter("token"))
        : access.admitted(
            request.route().callers(),
            request.header(HttpHeaderNames.AUTHORIZATION),
            request.header(API_KEY));
  }

  private static Reply served(Endpoint endpoint, SdkRequest request, Client client) {
    var route = request.route();
    if (!route.hasMethod(request.method())) {
      throw new Problem.MethodNotAllowed(request.method().name(), List.of(route.method().name()));
    }
    if (route.allowsOrigins()) {
      BrowserOrigins.check(
          request.header(HttpHeaderNames.ORIGIN), client.snapshot().settings(), client.isPublic());
    }
    return route.isStream() && request.method().equals(HttpMethod.HEAD)
        ? new Reply.Now(
            HttpAnswer.empty(HttpResponseStatus.OK)
                .with(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.TEXT_EVENT_STREAM))
        : endpoint.serve(request, client);
  }

  private Mono<Void> carryOut(Endpoint endpoint, SdkRequest request, Reply reply) {
    return switch (reply) {
      case Reply.Now(var answer) -> write(request, answer, null);
      case Reply.Later(var next) -> later(endpoint, request, next);
      case Reply.AfterBody wish -> afterBody(endpoint, request, wish);
      case Reply.Written(var writing) -> written(endpoint, request, writing);
      case Reply.Refused(var why) -> refuse(endpoint, request, why);
    };
  }

  private Mono<Void> later(Endpoint endpoint, SdkRequest request, Mono<? extends Reply> next) {
    return next.<Reply>map(reply -> reply)
        .onErrorResume(failure -> Mono.just(new Reply.Refused(failure)))
        .doOnCancel(() -> timers.left(request))
        .flatMap(reply -> onTheLoop(request, () -> carryOut(endpoint, request, reply)));
  }

  private Mono<Void> afterBody(Endpoint endpoint, SdkRequest request, Reply.AfterBody wish) {
    return RequestBody.of(request.connection(), wish.most())
        .flatMap(body -> carryOut(endpoint, request, replied(wish, body)))
        .onErrorResume(
            failure -> failure instanceof Problem.TooLarge || failure instanceof AbortedException,
            failure -> refuse(endpoint, request, failure));
  }

  private static Reply replied(Reply.AfterBody wish, RequestBody body) {
    try {
      return wish.then().apply(body.bytes());
    } catch (RuntimeException failure) {
      return new Reply.Refused(failure);
    }
  }

  /// Answers are written on their connection's event loop, where a request's timer is too.
  private static Mono<Void> onTheLoop(SdkRequest request, Supplier<Mono<Void>> writing) {
    var loop = request.channel().eventLoop();
    return loop.inEventLoop()
        ? writing.get()
        : Mono.defer(writing).subscribeOn(Schedulers.fromExecutor(loop));
  }

  private Mono<Void> written(Endpoint endpoint, SdkRequest request, Mono<Void> writing) {
    var response = request.response();
    return writing
        .doFinally(_ -> {
          if (response.hasSentHeaders()) {
            timers.answered(request, response.status().code(), null);
          }
        })
        .onErrorResume(
            failure -> !response.hasSentHeaders(),
            failure -> onTheLoop(request, () -> refuse(endpoint, request, failure)));
  }

  private Mono<Void> refuse(Endpoint endpoint, SdkRequest request, Throwable failure) {
    if (failure instanceof AbortedException) {
      return gone(request, failure);
    }
    var refusal = failures.refusal(failure, request.method().name(), request.path());
    var answer = endpoint.refusal(refusal, request).with(refusal.headers());
    return write(request, answer, failure);
  }

  /// Nobody is left to be answered; the server ends the exchange.
  private Mono<Void> gone(SdkRequest request, Throwable failure) {
    if (!request.response().hasSentHeaders()) {
      timers.left(request);
    }
    return Mono.error(failure);
  }

  private Mono<Void> write(SdkRequest request, HttpAnswer answer, @Nullable Throwable failure) {
    timers.answered(request, answer.status(), failure);
    return write(request.response(), answer, request.method());
  }

  private static Mono<Void> write(
      HttpServerResponse response, HttpAnswer answer, HttpMethod method) {
    response.status(answer.statusLine());
    answer.writeTo(response.responseHeaders());
    var body = answer.body();
    if (body != null && method.equals(HttpMethod.HEAD)) {
      body.release();
      return response.send();
    }
    return body == null ? response.send() : response.sendObject(body).then();
  }
}
