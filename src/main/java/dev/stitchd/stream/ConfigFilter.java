package dev.stitchd.stream;

import dev.stitchd.access.Access;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.kernel.Problem;
import dev.stitchd.propagation.Instances;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.buffer.NettyDataBufferFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// `GET /sdk/v1/config`: everything or what changed, with an ETag, at once or at the next change. A
/// filter, since a route's machinery costs more than the answer. The [PollDoor] answers what it can
/// from memory before this is asked.
final class ConfigFilter implements WebFilter {

  static final String PATH = "/sdk/v1/config";

  /// Wraps shared bytes without copying them.
  private static final NettyDataBufferFactory BUFFERS =
      new NettyDataBufferFactory(UnpooledByteBufAllocator.DEFAULT);

  private final Access access;
  private final Snapshots snapshots;
  private final Editions editions;
  private final Drain drain;
  private final StreamMeters meters;
  private final Instances instances;
  private final StreamSettings settings;
  private final Scheduler timer;

  ConfigFilter(
      Access access,
      Snapshots snapshots,
      Editions editions,
      Drain drain,
      StreamMeters meters,
      Instances instances,
      StreamSettings settings,
      Scheduler timer) {
    this.access = access;
    this.snapshots = snapshots;
    this.editions = editions;
    this.drain = drain;
    this.meters = meters;
    this.instances = instances;
    this.settings = settings;
    this.timer = timer;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    var request = exchange.getRequest();
    if (!HttpMethod.GET.equals(request.getMethod()) || !request.getPath().value().equals(PATH)) {
      return chain.filter(exchange);
    }
    SdkHeaders.nameRoute(exchange, PATH);
    return access
        .serverSdk(request)
        .flatMap(caller -> answer(caller, Poll.of(request, settings.longestWait()), exchange));
  }

  private Mono<Void> answer(SdkCaller caller, Poll poll, ServerWebExchange exchange) {
    return snapshots
        .current(caller.environment())
        .doOnNext(snapshot -> instances.noted(snapshot, instance(exchange), poll.applied()))
        .flatMap(snapshot -> newer(caller, poll, snapshot))
        .flatMap(snapshot -> answer(snapshot, poll, exchange));
  }

  private static @Nullable String instance(ServerWebExchange exchange) {
    return exchange.getRequest().getHeaders().getFirst(Instances.HEADER);
  }

  private Mono<Snapshot> newer(SdkCaller caller, Poll poll, Snapshot current) {
    return poll.patience().isZero() || !poll.hasAlready(current)
        ? Mono.just(current)
        : Mono.firstWithSignal(
            next(caller, poll),
            revoked(caller),
            drain.begun().thenReturn(current),
            Mono.delay(poll.patience(), timer).thenReturn(current));
  }

  private Mono<Snapshot> next(SdkCaller caller, Poll poll) {
    return snapshots
        .updates(caller.environment())
        .filter(snapshot -> !poll.hasAlready(snapshot))
        .next()
        .switchIfEmpty(Mono.error(() -> new Problem.NotFound("the environment was deleted")));
  }

  private Mono<Snapshot> revoked(SdkCaller caller) {
    return access
        .revocation(caller)
        .next()
        .flatMap(_ -> Mono.error(() -> new Problem.Unauthenticated("the key was revoked")));
  }

  private Mono<Void> answer(Snapshot snapshot, Poll poll, ServerWebExchange exchange) {
    var response = exchange.getResponse();
    if (poll.hasAlready(snapshot)) {
      meters.unchanged();
      head(response, HttpStatus.NOT_MODIFIED, snapshot);
      return response.setComplete();
    }
    var body = body(snapshot, poll.since());
    meters.polled(body.frame().kind());
    var coding =
        body.length() < settings.compressFrom().toBytes() ? Coding.IDENTITY : poll.coding();
    return body.json(coding).flatMap(bytes -> write(response, snapshot, coding, bytes));
  }

  private Body body(Snapshot snapshot, @Nullable Cursor since) {
    var edition = editions.of(snapshot);
    return since != null
            && since.tag().equals(snapshot.tag())
            && since.revision() < snapshot.revision()
        ? edition.resume(snapshot, since.revision())
        : edition.put(snapshot);
  }

  private static void head(ServerHttpResponse response, HttpStatus status, Snapshot snapshot) {
    response.setStatusCode(status);
    var headers = response.getHeaders();
    headers.set(HttpHeaders.ETAG, "\"" + snapshot.cursor() + "\"");
    headers.set(HttpHeaders.CACHE_CONTROL, SdkHeaders.CACHE_CONTROL);
    headers.set(HttpHeaders.VARY, SdkHeaders.VARY);
  }

  private static Mono<Void> write(
      ServerHttpResponse response, Snapshot snapshot, Coding coding, ByteBuffer bytes) {
    head(response, HttpStatus.OK, snapshot);
    var headers = response.getHeaders();
    headers.set(HttpHeaders.CONTENT_TYPE, MediaType.APPLICATION_JSON_VALUE);
    headers.setContentLength(bytes.remaining());
    if (coding != Coding.IDENTITY) {
      headers.set(HttpHeaders.CONTENT_ENCODING, coding.token());
    }
    return response.writeWith(Mono.fromSupplier(() -> BUFFERS.wrap(bytes.duplicate())));
  }
}
