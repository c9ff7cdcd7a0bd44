package dev.stitchd.grpc;

import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Decides by the first bytes of a connection who serves it, behind TLS if the port speaks that:
/// what begins as HTTP/2 does is gRPC's, everything else Connect's. gRPC knows nothing of the
/// latter connections but that they exist until they are closed: it counts them as ones that never
/// get further than their handshake.
final class FirstBytes implements InternalProtocolNegotiator.ProtocolNegotiator {

  /// The beginning of HTTP/2's connection preface; no method of HTTP/1.1 that is served begins so.
  private static final byte[] HTTP_2 = "PRI ".getBytes(StandardCharsets.US_ASCII);

  private final InternalProtocolNegotiator.ProtocolNegotiator grpc =
      InternalProtocolNegotiators.serverPlaintext();
  private final @Nullable SslContext tls;
  private final Consumer<ChannelPipeline> connect;

  /// @param tls null for clear text
  /// @param connect adds what serves a connection to its pipeline
  FirstBytes(@Nullable SslContext tls, Consumer<ChannelPipeline> connect) {
    this.tls = tls;
    this.connect = connect;
  }

  @Override
  public AsciiString scheme() {
    return AsciiString.of(tls == null ? "http" : "https");
  }

  @Override
  public ChannelHandler newHandler(GrpcHttp2ConnectionHandler handler) {
    return new Looking(handler);
  }

  @Override
  public void close() {
    grpc.close();
  }

  /// Looks at one connection, and leaves its pipeline once it knows. Confined to its event loop.
  private final class Looking extends ByteToMessageDecoder {

    private final GrpcHttp2ConnectionHandler handler;
    private @Nullable Object negotiation;

    private Looking(GrpcHttp2ConnectionHandler handler) {
      this.handler = handler;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
      if (tls != null) {
        ctx.pipeline().addBefore(ctx.name(), null, tls.newHandler(ctx.alloc()));
      }
    }

    /// gRPC begins with an event, which is kept until the connection is known to be its own.
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
      if (event.getClass().getName().startsWith("io.grpc.")) {
        negotiation = event;
      } else {
        super.userEventTriggered(ctx, event);
      }
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
      int seen = Math.min(in.readableBytes(), HTTP_2.length);
      for (int i = 0; i < seen; i++) {
        if (in.getByte(in.readerIndex() + i) != HTTP_2[i]) {
          giveToConnect(ctx.pipeline());
          return;
        }
      }
      if (seen == HTTP_2.length) {
        giveToGrpc(ctx);
      }
    }

    private void giveToGrpc(ChannelHandlerContext ctx) {
      ctx.pipeline().addAfter(ctx.name(), null, grpc.newHandler(handler));
      if (negotiation != null) {
        ctx.fireUserEventTriggered(negotiation);
      }
      ctx.pipeline().remove(this); // which passes on what has arrived
    }

    private void giveToConnect(ChannelPipeline pipeline) {
      for (var other : List.copyOf(pipeline.toMap().values())) {
        if (other != this && !(other instanceof SslHandler)) {
          pipeline.remove(other);
        }
      }
      connect.accept(pipeline);
      pipeline.remove(this);
    }
  }
}
