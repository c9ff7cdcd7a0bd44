package dev.stitchd.stream;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/// A program for a network namespace of its own: a server that writes to one client, whose network
/// is taken away without a word. Prints how many milliseconds later the server noticed, or `never`.
final class HalfOpen {

  private static final Duration HEARTBEAT = Duration.ofMillis(200);
  private static final long PATIENCE_SECONDS = 15;

  private HalfOpen() {}

  /// @param arguments `STITCHD_STREAM_UNACKNOWLEDGED` as `PT2S`, or nothing for a server without it
  public static void main(String[] arguments) throws Exception {
    ip("up");
    var noticed = new CompletableFuture<Long>();
    var server = server(arguments, noticed);
    try (var client = new Socket()) {
      client.connect(new InetSocketAddress("127.0.0.1", server.port()));
      client.getOutputStream().write("GET / HTTP/1.1\r\nHost: here\r\n\r\n".getBytes(UTF_8));
      var in = client.getInputStream();
      for (int i = 0; i < 200; i++) { // more than the head
        in.read();
      }
      ip("down");
      long gone = System.nanoTime();
      System.out.println(
          noticed
              .completeOnTimeout(-1L, PATIENCE_SECONDS, TimeUnit.SECONDS)
              .thenApply(at -> at < 0 ? "never" : Long.toString((at - gone) / 1_000_000))
              .join());
    }
    System.exit(0); // the client's end could not be sent
  }

  private static DisposableServer server(String[] arguments, CompletableFuture<Long> noticed) {
    var server =
        HttpServer.create()
            .host("127.0.0.1")
            .port(0)
            .handle((_, response) ->
                response
                    .sse()
                    .sendString(Flux.interval(HEARTBEAT).map(_ -> ": hb\n\n"), UTF_8)
                    .then()
                    .onErrorResume(_ -> Mono.empty())
                    .doFinally(_ -> noticed.complete(System.nanoTime())));
    return (arguments.length == 0
            ? server
            : new DeadPeers(Duration.parse(arguments[0])).apply(server))
        .bindNow();
  }

  private static void ip(String state) throws IOException, InterruptedException {
    var changing = new ProcessBuilder("ip", "link", "set", "lo", state).inheritIO().start();
    if (changing.waitFor() != 0) {
      throw new IOException("the namespace's network cannot be set " + state);
    }
  }
}
