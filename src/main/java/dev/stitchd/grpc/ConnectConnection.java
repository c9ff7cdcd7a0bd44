package dev.stitchd.grpc;

import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.Status;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A connection on which Connect is spoken, over HTTP/1.1: one call after the other. While it
/// answers it listens for the client's leave alone: one that sends ahead is held up by its own
/// connection. Confined to its event loop, except for what says otherwise.
final class ConnectConnection extends ChannelDuplexHandler {

  private static final String TRAILER = "trailer-";
  private static final String RETRY_AFTER = "retry-after";
  private static final Duration LINGERING = Duration.ofSeconds(2);

  private final ConnectServer server;
  private final Attributes remembered;
  private @Nullable ChannelHandlerContext context;
  private @Nullable HttpRequest head;
  private ByteBuf body = Unpooled.EMPTY_BUFFER;
  private @Nullable ConnectCall<?, ?> open;

  /// What came before the answer to the request before it.
  private final Queue<Object> ahead = new ArrayDeque<>();

  private @Nullable Future<?> limit;
  private boolean isAnswering;
  private boolean isLast;

  /// Whether the request is of HTTP/1.0, which knows no chunks: its connection ends with the
  /// answer.
  private boolean isOld;

  /// Whether more arrives of a request that is answered; closed at once, it would not read that.
  private boolean isSending;

  ConnectConnection(ConnectServer server) {
    this.server = server;
    this.remembered = server.remembered();
  }

  private ChannelHandlerContext ctx() {
    return Objects.requireNonNull(context, "used before it is in a pipeline");
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
    server.enter(this);
    expect(server.arriving());
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (isLast) {
      ReferenceCountUtil.release(message); // nobody answers it
    } else if (!isAnswering && ahead.isEmpty()) {
      takeAndRelease(message);
    } else if (open != null && open.form().isStream()) {
      ReferenceCountUtil.release(message);
      endNow(); // it would wait for the end of the stream
    } else {
      ahead.add(message); // what the socket's last read still brings
      ctx.channel().config().setAutoRead(false);
    }
  }

  private void takeAndRelease(Object message) {
    try {
      take(message);
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void take(Object message) {
    if (message instanceof HttpRequest request) {
      head = request;
      body = ctx().alloc().buffer(0);
      expect(server.arriving());
      if (request.decoderResult().isFailure()) {
        serve(request, null); // nothing follows it
        return;
      }
      if (HttpUtil.getContentLength(request, 0L) > longest()) {
        refuseLength(request);
        return;
      }
      if (HttpUtil.is100ContinueExpected(request)) {
        var _ =
            ctx()
                .writeAndFlush(
                    new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
      }
    }
    if (message instanceof HttpContent content && head != null) {
      take(head, content);
    }
  }

  private void take(HttpRequest request, HttpContent content) {
    if (body.readableBytes() + content.content().readableBytes() > longest()) {
      refuseLength(request);
      return;
    }
    body.writeBytes(content.content());
    if (content instanceof LastHttpContent) {
      if (content.decoderResult().isFailure()) {
        request.setDecoderResult(content.decoderResult());
      }
      serve(request, ByteBufUtil.getBytes(body));
    }
  }

  /// Most bytes of a body.
  private int longest() {
    return server.maxMessage() + ConnectForm.ENVELOPE;
  }

  private void refuseLength(HttpRequest request) {
    isLast = true;
    isSending = true;
    serve(request, null);
  }

  private void serve(HttpRequest request, byte @Nullable [] sent) {
    forget();
    expectNothing();
    isAnswering = true;
    isOld = !request.protocolVersion().isKeepAliveDefault();
    isLast |=
        isOld
            || !HttpUtil.isKeepAlive(request)
            || request.decoderResult().isFailure()
            || !request
                .method()
                .equals(HttpMethod.POST); // to HEAD, the body would be another answer
    try {
      start(ConnectRequest.of(server.methods(), request, sent, remembered, server.maxMessage()));
    } catch (ConnectRequest.Refused refused) {
      later(() -> refuse(refused)); // many may have been sent ahead
    }
  }

  private void start(ConnectRequest request) {
    start(request.method(), request);
  }

  private <Q, A> void start(ConnectMethods.Method<Q, A> method, ConnectRequest request) {
    var call = new ConnectCall<>(method, request.form(), request.head(), this, server.failures());
    open = call;
    if (request.form().isStream() && !ahead.isEmpty()) {
      endNow(); // as in channelRead
      return;
    }
    call.start(request.message());
  }

  /// Forgets the request that is arriving.
  private void forget() {
    head = null;
    body.release();
    body = Unpooled.EMPTY_BUFFER;
  }

  // --- what calls write

  /// From any thread: runs on the event loop, after what was given to it before.
  void later(Runnable task) {
    try {
      loop().execute(task);
    } catch (RejectedExecutionException _) {
      // the process ends, and the connection with it
    }
  }

  /// From any thread.
  ScheduledExecutorService loop() {
    return ctx().channel().eventLoop();
  }

  void beginStream(ConnectForm form) {
    var response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
    var _ = response.headers().set(HttpHeaderNames.CONTENT_TYPE, form.contentType());
    HttpUtil.setTransferEncodingChunked(response, !isOld);
    sayWhetherLast(response);
    var _ = ctx().writeAndFlush(response);
  }

  /// @param taken runs when the client's connection has taken it
  void writeEnvelope(int flags, byte[] message, Runnable taken) {
    var envelope = ctx().alloc().buffer(ConnectForm.ENVELOPE + message.length);
    var _ = envelope.writeByte(flags).writeInt(message.length).writeBytes(message);
    var _ =
        ctx()
            .writeAndFlush(new DefaultHttpContent(envelope))
            .addListener(written -> {
              if (written.isSuccess()) {
                taken.run();
              }
            });
  }

  void endStream() {
    end(LastHttpContent.EMPTY_LAST_CONTENT);
  }

  /// A call's only message.
  void answer(String contentType, byte[] message, Metadata trailers) {
    var response = response(HttpResponseStatus.OK, contentType, message);
    trail(response, trailers);
    end(response);
  }

  /// A failure, where it is all that is said.
  void refuse(HttpResponseStatus http, Status status, Metadata trailers) {
    var response = response(http, "application/json", ConnectForm.failure(status));
    trail(response, trailers);
    var wait = ConnectForm.text(trailers, RETRY_AFTER);
    if (wait != null) {
      var _ = response.headers().set(RETRY_AFTER, wait);
    }
    end(response);
  }

  private void refuse(ConnectRequest.Refused refused) {
    var response =
        response(refused.http(), "application/json", ConnectForm.failure(refused.status()));
    refused.headers().forEach(response.headers()::set);
    end(response);
  }

  private DefaultFullHttpResponse response(
      HttpResponseStatus http, String contentType, byte[] content) {
    var response =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, http, Unpooled.wrappedBuffer(content));
    var _ = response.headers().set(HttpHeaderNames.CONTENT_TYPE, contentType);
    HttpUtil.setContentLength(response, content.length);
    sayWhetherLast(response);
    return response;
  }

  private static void trail(HttpMessage response, Metadata trailers) {
    for (var name : trailers.keys()) {
      var value = ConnectForm.text(trailers, name);
      if (value != null) {
        var _ = response.headers().add(TRAILER + name, value);
      }
    }
  }

  private void sayWhetherLast(HttpMessage response) {
    isLast |= server.isEnding();
    if (isLast) {
      var _ = response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    }
  }

  /// Writes the end of an answer; its call ends when the client's connection has taken it.
  private void end(Object last) {
    expect(server.arriving());
    var _ =
        ctx()
            .writeAndFlush(last)
            .addListener(
                (ChannelFutureListener)
                    written -> {
                      if (written.isSuccess()) {
                        isAnswered();
                      } else {
                        var _ = ctx().close();
                      }
                    });
  }

  private void isAnswered() {
    var answered = open;
    open = null;
    isAnswering = false;
    if (answered != null) {
      answered.isAnswered();
    }
    if (isLast || server.isEnding()) {
      if (isSending) {
        expect(LINGERING);
      } else {
        endNow();
      }
      return;
    }
    expect(server.idle());
    while (!isAnswering && !ahead.isEmpty()) {
      takeAndRelease(ahead.remove());
    }
    if (ahead.isEmpty()) {
      ctx().channel().config().setAutoRead(true);
    }
  }

  // --- how it ends

  /// Closes the connection unless something else happens within a time.
  private void expect(Duration within) {
    expectNothing();
    limit = loop().schedule(this::endNow, within.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void expectNothing() {
    if (limit != null) {
      limit.cancel(false);
      limit = null;
    }
  }

  void endWhenAnswered() {
    if (!isAnswering) {
      endNow();
    }
  }

  void endNow() {
    var _ = ctx().close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    server.leave(this);
    expectNothing();
    forget();
    ahead.forEach(ReferenceCountUtil::release);
    ahead.clear();
    var left = open;
    open = null;
    if (left != null) {
      left.cancel();
    }
    ctx.fireChannelInactive();
  }

  /// A client that sends nonsense, or has gone.
  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable failure) {
    var _ = ctx.close();
  }

  /// gRPC writes commands to connections that it knows; [GrpcServer] ends this one.
  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    ReferenceCountUtil.release(message);
    var _ = promise.cancel(false);
  }
}
