package dev.stitchd.stream.sdk;

import dev.stitchd.access.Access;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.endpoint.AtLeast;
import dev.stitchd.endpoint.Client;
import dev.stitchd.endpoint.Endpoint;
import dev.stitchd.endpoint.HttpAnswer;
import dev.stitchd.endpoint.Reply;
import dev.stitchd.endpoint.SdkRequest;
import dev.stitchd.endpoint.SdkRoute;
import dev.stitchd.kernel.Problem;
import dev.stitchd.propagation.Instances;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.OlderRemovals;
import dev.stitchd.snapshot.Reached;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
import dev.stitchd.stream.EventStreams;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.AsciiString;
import java.nio.ByteBuffer;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// `GET /sdk/v1/config`: everything or what changed, with an ETag, at once or at the next change.
final class ConfigEndpoint implements Endpoint {

  private final Access access;
  private final Snapshots snapshots;
  private final EncodedSnapshots encodings;
  private final BodyBuffers buffers;
  private final EventStreams streams;
  private final SdkStreamMeters meters;
  private final Instances instances;
  private final SdkStreamSettings settings;
  private final Scheduler timer;

  ConfigEndpoint(
      Access access,
      Snapshots snapshots,
      EncodedSnapshots encodings,
      BodyBuffers buffers,
      EventStreams streams,
      SdkStreamMeters meters,
      Instances instances,
      SdkStreamSettings settings,
      Scheduler timer) {
    this.access = access;
    this.snapshots = snapshots;
    this.encodings = encodings;
    this.buffers = buffers;
    this.streams = streams;
    this.meters = meters;
    this.instances = instances;
    this.settings = settings;
    this.timer = timer;
  }

  @Override
  public SdkRoute route() {
    return SdkRoute.CONFIG;
  }

  @Override
  public Reply serve(SdkRequest request, Client client) {
    return AtLeast.served(request, client, snapshots, at -> polled(request, at));
  }

  private Reply polled(SdkRequest request, Client client) {
    var poll = Poll.of(request, settings.longestWait());
    var snapshot = client.snapshot();
    var instance = request.header(Instances.HEADER);
    if (instance != null) {
      instances.noted(snapshot, instance, poll.applied());
    }
    var ahead = poll.ahead(snapshot);
    if (ahead != null) {
      return new Reply.Later(
          snapshots
              .reach(client.caller().environment(), ahead)
              .map(reached -> answerAhead(client.caller(), reached, ahead, poll, request)));
    }
    var since = poll.since();
    return since == null || snapshot.remembers(since)
        ? answerInTime(client.caller(), snapshot, poll, request)
        : new Reply.Later(
            snapshots
                .olderRemovals(client.caller().environment())
                .defaultIfEmpty(OlderRemovals.NONE)
                // of a snapshot that is no older than they are
                .zipWhen(_ -> snapshots.current(client.caller().environment()))
                .map(both ->
                    answerInTime(client.caller(), both.getT2(), poll.with(both.getT1()), request)));
  }

  private Reply answerInTime(SdkCaller caller, Snapshot snapshot, Poll poll, SdkRequest request) {
    return poll.patience().isZero() || !poll.hasAlready(snapshot)
        ? answer(snapshot, poll, request)
        : new Reply.Later(
            newer(caller, poll, snapshot).map(newest -> answer(newest, poll, request)));
  }

  /// To a client that was ahead of this node: never anything older than what it has, unless the
  /// store does not know what it has.
  private Reply answerAhead(
      SdkCaller caller, Reached reached, Cursor ahead, Poll poll, SdkRequest request) {
    var snapshot = reached.snapshot();
    return switch (reached.place()) {
      case HELD -> answerInTime(caller, snapshot, poll, request);
      case NONEXISTENT -> answer(snapshot, poll, request);
      case UNCONFIRMED ->
          poll.patience().isZero()
              ? unchanged(AsciiString.of(ahead.etag()))
              : new Reply.Later(
                  newer(caller, poll, snapshot)
                      .map(newest ->
                          newest.isBefore(ahead)
                              ? unchanged(AsciiString.of(ahead.etag()))
                              : answer(newest, poll, request)));
    };
  }

  private Reply unchanged(AsciiString etag) {
    meters.unchanged();
    return new Reply.Now(tagged(HttpAnswer.empty(HttpResponseStatus.NOT_MODIFIED), etag));
  }

  private Mono<Snapshot> newer(SdkCaller caller, Poll poll, Snapshot current) {
    return Mono.firstWithSignal(
        next(caller, poll),
        revoked(caller),
        streams.draining().thenReturn(current),
        Mono.delay(poll.patience(), timer).thenReturn(current));
  }

  private Mono<Snapshot> next(SdkCaller caller, Poll poll) {
    return snapshots
        .updates(caller.environment())
        .filter(snapshot -> !poll.hasAlready(snapshot) && poll.ahead(snapshot) == null)
        .next()
        .switchIfEmpty(Mono.error(() -> new Problem.NotFound("the environment was deleted")));
  }

  private Mono<Snapshot> revoked(SdkCaller caller) {
    return access
        .revocation(caller)
        .next()
        .flatMap(_ -> Mono.error(() -> new Problem.Unauthenticated("the key was revoked")));
  }

  private Reply answer(Snapshot snapshot, Poll poll, SdkRequest request) {
    var encoded = encodings.of(snapshot);
    if (poll.names(encoded.etag()) || poll.hasAlready(snapshot)) {
      return unchanged(encoded.etag());
    }
    var body = body(encoded, snapshot, poll);
    meters.polled(body.frame().kind());
    var coding =
        body.length() < settings.compressFrom().toBytes() ? Coding.IDENTITY : poll.coding();
    var ready = body.ready(coding);
    return ready == null
        ? new Reply.Later(
            body.json(coding).map(bytes -> answer(snapshot, encoded, body, coding, bytes, request)))
        : answer(snapshot, encoded, body, coding, ready, request);
  }

  private static EncodedBody body(EncodedSnapshot encoded, Snapshot snapshot, Poll poll) {
    var since = poll.since();
    return since != null
            && since.isOfHistory(snapshot.cursor())
            && since.revision() < snapshot.revision()
        ? encoded.resume(snapshot, since.revision(), poll.older())
        : encoded.put(snapshot);
  }

  private Reply answer(
      Snapshot snapshot,
      EncodedSnapshot encoded,
      EncodedBody body,
      Coding coding,
      ByteBuffer bytes,
      SdkRequest request) {
    var answer =
        tagged(HttpAnswer.json(buffer(snapshot, body, coding, bytes, request)), encoded.etag());
    return new Reply.Now(
        coding == Coding.IDENTITY
            ? answer
            : answer.with(HttpHeaderNames.CONTENT_ENCODING, coding.token()));
  }

  /// The event loop's own copy, which needs no copying into the socket; answers that were waited
  /// for come from other threads.
  private ByteBuf buffer(
      Snapshot snapshot, EncodedBody body, Coding coding, ByteBuffer bytes, SdkRequest request) {
    var loop = request.channel().eventLoop();
    return loop.inEventLoop()
        ? buffers.of(loop, snapshot.environment(), body, coding, bytes)
        : Unpooled.wrappedBuffer(bytes);
  }

  private static HttpAnswer tagged(HttpAnswer answer, AsciiString etag) {
    return answer.with(HttpHeaderNames.ETAG, etag);
  }
}
