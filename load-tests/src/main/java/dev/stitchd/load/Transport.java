package dev.stitchd.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import io.netty.handler.codec.http2.HttpConversionUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;

/// How streams are held: HTTP/1.1 (`plain`), the same over TLS (`tls`), or HTTP/2 over TLS (`h2`),
/// where each stream has a connection of its own, as SDKs' have. Readers and writers know HTTP/1.1
/// alone; what HTTP/2 carries is put into its words.
enum Transport {
  PLAIN,
  TLS,
  H2;

  static Transport of(Options options) {
    return valueOf(options.text("transport", "plain").toUpperCase(Locale.ROOT));
  }

  /// Thousands of handshakes at once take their time on a machine that does everything.
  private static final long HANDSHAKE_SECONDS = 60;

  /// What clients encrypt with: they trust what `-Djavax.net.ssl.trustStore` says.
  SslContext client() {
    return this == PLAIN ? null : built(SslContextBuilder.forClient());
  }

  /// What a ceiling encrypts with.
  SslContext server(String certificate, String key) {
    return this == PLAIN
        ? null
        : built(SslContextBuilder.forServer(new File(certificate), new File(key)));
  }

  private SslContext built(SslContextBuilder builder) {
    var offered =
        new ApplicationProtocolConfig(
            ApplicationProtocolConfig.Protocol.ALPN,
            ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
            ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
            ApplicationProtocolNames.HTTP_2,
            ApplicationProtocolNames.HTTP_1_1);
    try {
      return (this == H2 ? builder.applicationProtocolConfig(offered) : builder).build();
    } catch (SSLException e) {
      throw new IllegalStateException("TLS cannot be set up: " + e.getMessage(), e);
    }
  }

  /// Asks for a stream on a new connection.
  ///
  /// @param ssl of [#client]
  /// @param request its head
  /// @param reader is given the answer as HTTP/1.1 has it
  void ask(SslContext ssl, Channel channel, Address to, String request, ChannelHandler reader) {
    if (ssl != null) {
      channel.pipeline().addLast(patient(ssl.newHandler(channel.alloc(), to.host(), to.port())));
    }
    if (this != H2) {
      channel.pipeline().addLast(reader);
      channel.writeAndFlush(
          channel.alloc().buffer(request.length()).writeBytes(request.getBytes()),
          channel.voidPromise());
      return;
    }
    channel
        .pipeline()
        .addLast(
            Http2FrameCodecBuilder.forClient().build(),
            new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()));
    new Http2StreamChannelBootstrap(channel)
        .handler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel stream) {
                stream
                    .pipeline()
                    .addLast(
                        new Http2StreamFrameToHttpObjectCodec(false), new AnswerAsText(), reader);
              }
            })
        .open()
        .addListener((Future<Http2StreamChannel> opened) -> {
          if (opened.isSuccess()) {
            opened.getNow().writeAndFlush(http2(request));
          } else {
            channel.close();
          }
        });
  }

  /// Serves a new connection.
  ///
  /// @param ssl of [#server]
  /// @param http11 what is to be done with it if it speaks HTTP/1.1
  /// @param stream what is given requests of HTTP/2 and writes answers as HTTP/1.1 has them
  void serve(
      SslContext ssl, Channel channel, Consumer<Channel> http11, Supplier<ChannelHandler> stream) {
    if (ssl != null) {
      channel.pipeline().addLast(patient(ssl.newHandler(channel.alloc())));
    }
    if (this != H2) {
      http11.accept(channel);
      return;
    }
    channel
        .pipeline()
        .addLast(
            new ApplicationProtocolNegotiationHandler(ApplicationProtocolNames.HTTP_1_1) {
              @Override
              protected void configurePipeline(ChannelHandlerContext context, String protocol) {
                if (protocol.equals(ApplicationProtocolNames.HTTP_2)) {
                  context.pipeline().addLast(Http2FrameCodecBuilder.forServer().build());
                  context.pipeline().addLast(new Http2MultiplexHandler(streams(stream)));
                } else {
                  http11.accept(context.channel());
                }
              }
            });
  }

  private static SslHandler patient(SslHandler handler) {
    handler.setHandshakeTimeout(HANDSHAKE_SECONDS, TimeUnit.SECONDS);
    return handler;
  }

  private static ChannelInitializer<Channel> streams(Supplier<ChannelHandler> handler) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel stream) {
        stream
            .pipeline()
            .addLast(
                new Http2StreamFrameToHttpObjectCodec(true),
                new AnswerFromText(),
                handler.get());
      }
    };
  }

  private static DefaultFullHttpRequest http2(String text) {
    var lines = text.strip().split("\r\n");
    var request =
        new DefaultFullHttpRequest(
            HttpVersion.HTTP_1_1, HttpMethod.GET, lines[0].split(" ")[1], Unpooled.EMPTY_BUFFER);
    for (var i = 1; i < lines.length; i++) {
      var colon = lines[i].indexOf(':');
      request.headers().add(lines[i].substring(0, colon), lines[i].substring(colon + 2));
    }
    request.headers().set(HttpConversionUtil.ExtensionHeaderNames.SCHEME.text(), "https");
    return request;
  }

  /// An answer of HTTP/2 as HTTP/1.1 has it. The connection ends with it.
  private static final class AnswerAsText extends ChannelInboundHandlerAdapter {

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (message instanceof HttpResponse head) {
        var text = new StringBuilder("HTTP/1.1 ").append(head.status().code()).append(" -\r\n");
        head.headers().forEach(h -> text.append(h.getKey() + ": " + h.getValue() + "\r\n"));
        context.fireChannelRead(ByteBufUtil.writeAscii(context.alloc(), text.append("\r\n")));
      }
      if (message instanceof HttpContent content && content.content().isReadable()) {
        var bytes = content.content();
        var size = Integer.toHexString(bytes.readableBytes()) + "\r\n";
        context.fireChannelRead(ByteBufUtil.writeAscii(context.alloc(), size));
        context.fireChannelRead(bytes.retain());
        context.fireChannelRead(ByteBufUtil.writeAscii(context.alloc(), "\r\n"));
      }
      ReferenceCountUtil.release(message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      context.fireChannelInactive();
      context.channel().parent().close();
    }
  }

  /// Writes the head and the chunks of an answer of HTTP/1.1, each of them one write, as HTTP/2 has
  /// them.
  private static final class AnswerFromText extends ChannelOutboundHandlerAdapter {

    private boolean begun;

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
      var text = (ByteBuf) message;
      if (begun) {
        var from = text.indexOf(text.readerIndex(), text.writerIndex(), (byte) '\n') + 1;
        context.write(
            new DefaultHttpContent(text.slice(from, text.writerIndex() - 2 - from)), promise);
      } else {
        begun = true;
        context.write(head(text.toString(StandardCharsets.US_ASCII)), promise);
        text.release();
      }
    }

    private static DefaultHttpResponse head(String text) {
      var lines = text.substring(0, text.indexOf("\r\n\r\n")).split("\r\n");
      var status = HttpResponseStatus.valueOf(Integer.parseInt(lines[0].split(" ")[1]));
      var head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, status);
      for (var i = 1; i < lines.length; i++) {
        var colon = lines[i].indexOf(':');
        head.headers().add(lines[i].substring(0, colon), lines[i].substring(colon + 2));
      }
      return head;
    }
  }
}
