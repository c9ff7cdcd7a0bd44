package dev.stitchd.load;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslContext;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The ceiling: the same bytes as the server, from Netty and nothing else. No checks, no stores, no
/// framework; what it reaches is what the machine and the library allow.
///
/// Streams: one chunk is encoded per change, and one task per event loop writes it to each of its
/// channels; heartbeats are written as the server does. Polling and evaluation: whole responses,
/// encoded once.
public final class PlainNettyServer {

  private static final int EVENT_LOOPS = 2;

  private static final String STREAM_HEAD =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
          + "X-Accel-Buffering: no\r\nVary: Authorization, X-API-Key, Accept-Encoding\r\n"
          + "transfer-encoding: chunked\r\n\r\n";
  private static final String SDK_HEADERS =
      "Cache-Control: private, no-cache\r\nVary: Authorization, X-API-Key, Accept-Encoding\r\n";
  static final String EVALUATION =
      "{\"key\":\"checkout\",\"value\":false,\"reason\":\"SPLIT\",\"variant\":\"off\",\"metadata\":{}}";

  private final CeilingProjects projects = new CeilingProjects();
  private final Map<CeilingProject, Served> served = new ConcurrentHashMap<>();

  private final int heartbeat;

  private final Transport transport;
  private final SslContext ssl;

  private PlainNettyServer(int heartbeat, Transport transport, SslContext ssl) {
    this.heartbeat = heartbeat;
    this.transport = transport;
    this.ssl = ssl;
  }

  /// @param arguments `--port=`, 0 for a free one; `--heartbeat=` seconds (12), 0 for none;
  ///   `--transport=` plain, tls or h2; `--certificate=` and `--key=`, PEM files for the last two
  public static void main(String[] arguments) throws InterruptedException {
    var options = new Options(arguments, 0);
    var port = options.number("port", 8090);
    var heartbeat = options.number("heartbeat", 12);
    var transport = Transport.of(options);
    var ssl = transport.server(options.text("certificate", ""), options.text("key", ""));
    options.complete();
    var channel = new PlainNettyServer(heartbeat, transport, ssl).start(port);
    System.out.println(
        "plain Netty listens on "
            + (ssl == null ? "http" : "https")
            + "://127.0.0.1:"
            + ((InetSocketAddress) channel.localAddress()).getPort());
    channel.closeFuture().sync();
  }

  private Channel start(int port) throws InterruptedException {
    MultiThreadIoEventLoopGroup loops = Netty.eventLoops(EVENT_LOOPS);
    return new ServerBootstrap()
        .group(loops)
        .channel(Netty.serverChannel())
        .option(ChannelOption.SO_BACKLOG, 4096)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                transport.serve(
                    ssl,
                    channel,
                    http11 -> http11.pipeline().addLast(new HttpRequestDecoder(), new Door()),
                    Door::new);
              }
            })
        .bind("127.0.0.1", port)
        .sync()
        .channel();
  }

  private static ByteBuf response(String status, String headers, String body) {
    return Netty.shared(responseText(status, headers, body));
  }

  private static String responseText(String status, String headers, String body) {
    return "HTTP/1.1 "
        + status
        + "\r\nContent-Type: application/json\r\n"
        + headers
        + "content-length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  private static ByteBuf chunk(String frame) {
    return Unpooled.copiedBuffer(
        Integer.toHexString(frame.length()) + "\r\n" + frame + "\r\n", StandardCharsets.US_ASCII);
  }

  /// What is sent for the current revision of a project, and to whom.
  private static final class Served {

    private final int heartbeat;
    private final Map<EventLoop, Set<Channel>> streams = new ConcurrentHashMap<>();
    private final Map<EventLoop, Heartbeats> heartbeats = new ConcurrentHashMap<>();
    private volatile CeilingProject.Texts of;
    private volatile ByteBuf config = Unpooled.EMPTY_BUFFER;
    private volatile ByteBuf unchanged = Unpooled.EMPTY_BUFFER;

    private Served(int heartbeat) {
      this.heartbeat = heartbeat;
    }

    private Served refreshed(CeilingProject project) {
      var texts = project.texts();
      if (of != texts) {
        config = response("200 OK", SDK_HEADERS + "ETag: " + texts.etag() + "\r\n", texts.config());
        unchanged =
            Netty.shared(
                "HTTP/1.1 304 Not Modified\r\n"
                    + SDK_HEADERS
                    + "ETag: "
                    + texts.etag()
                    + "\r\n\r\n");
        of = texts;
      }
      return this;
    }

    private void open(ChannelHandlerContext context, CeilingProject project) {
      var channel = context.channel();
      if (channel.pipeline().get(HttpRequestDecoder.class) != null) {
        channel.pipeline().remove(HttpRequestDecoder.class);
      }
      context.write(Unpooled.copiedBuffer(STREAM_HEAD, StandardCharsets.US_ASCII));
      context.writeAndFlush(chunk("retry: 1873\n\n" + project.texts().put()));
      var loop = channel.eventLoop();
      var siblings = streams.computeIfAbsent(loop, _ -> new HashSet<>());
      siblings.add(channel); // only its own event loop touches the set
      if (heartbeat > 0) {
        heartbeats.computeIfAbsent(loop, l -> new Heartbeats(l, heartbeat)).add(channel);
      }
      channel.closeFuture().addListener(_ -> left(loop, siblings, channel));
    }

    private void left(EventLoop loop, Set<Channel> siblings, Channel channel) {
      siblings.remove(channel);
      var beating = siblings.isEmpty() ? heartbeats.remove(loop) : null;
      if (beating != null) {
        beating.stop();
      }
    }

    private void fanOut(String frame) {
      var bytes = chunk(frame);
      var direct = Unpooled.directBuffer(bytes.readableBytes()).writeBytes(bytes);
      streams.forEach((loop, channels) -> {
        direct.retain();
        loop.execute(() -> {
          for (var channel : channels) {
            channel.writeAndFlush(direct.retainedDuplicate(), channel.voidPromise());
          }
          direct.release();
        });
      });
      direct.release();
    }
  }

  /// One connection.
  private final class Door extends ChannelInboundHandlerAdapter {

    private static final ByteBuf EVALUATED = response("200 OK", SDK_HEADERS, EVALUATION);
    private static final ByteBuf UNKNOWN = response("401 Unauthorized", SDK_HEADERS, "{}");

    private HttpRequest request;
    private StringBuilder body;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      try {
        if (message instanceof HttpRequest head) {
          request = head;
          body = head.uri().startsWith("/api/") ? new StringBuilder() : null;
        }
        if (message instanceof HttpContent content && body != null) {
          body.append(content.content().toString(StandardCharsets.UTF_8));
        }
        if (message instanceof LastHttpContent) {
          answer(context);
        }
      } finally {
        ReferenceCountUtil.release(message);
      }
    }

    private void answer(ChannelHandlerContext context) {
      if (body != null) {
        manage(context);
        return;
      }
      var project = projects.byKey(request.headers().get("Authorization"));
      if (project == null) {
        context.write(UNKNOWN.retainedDuplicate());
      } else if (request.uri().startsWith("/ofrep/")) {
        context.write(EVALUATED.retainedDuplicate());
      } else if (request.uri().equals("/sdk/v1/stream")) {
        served(project).open(context, project);
      } else {
        var current = served(project).refreshed(project);
        var hit = project.texts().etag().equals(request.headers().get("If-None-Match"));
        context.write((hit ? current.unchanged : current.config).retainedDuplicate());
      }
    }

    private void manage(ChannelHandlerContext context) {
      var answer = projects.manage(request.method().name(), request.uri(), body.toString());
      if (answer.changed() != null) {
        served(answer.changed()).fanOut(answer.changed().texts().patch());
      }
      var text =
          responseText(
              answer.status() + " -",
              "Stitchd-Revision: bench=" + answer.revision() + "\r\n",
              answer.body());
      context.write(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
    }

    private Served served(CeilingProject project) {
      return served.computeIfAbsent(project, _ -> new Served(heartbeat));
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
      context.flush();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }
}
