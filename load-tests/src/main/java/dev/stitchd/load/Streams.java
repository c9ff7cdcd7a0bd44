package dev.stitchd.load;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.handler.ssl.SslContext;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// Many SSE streams held open, and the moment when each of them had each revision. Connections are
/// opened at a steady rate, from several loopback addresses so that ports do not run out, and again
/// if the server refused.
final class Streams implements AutoCloseable {

  private static final int ATTEMPTS = 10;
  private static final int SOURCES = 4;
  private static final long NOT_TOLD = -1;
  private static final int CLIENTS_PER_KEY = 4_500;

  /// How many keys hold `clients` streams, below the server's limit per key.
  static int keysFor(int clients) {
    return Math.ceilDiv(clients, CLIENTS_PER_KEY);
  }

  private static final Pattern RETRY_AFTER =
      Pattern.compile("\r\nretry-after: *([0-9]+)", Pattern.CASE_INSENSITIVE);
  private static final Pattern RECONNECT_AFTER = Pattern.compile("\"reconnectAfterMs\":([0-9]+)");

  private final List<String> requests;
  private final Transport transport;
  private final SslContext ssl;
  private final MultiThreadIoEventLoopGroup loops;
  private final Bootstrap client;
  private final AtomicReferenceArray<Channel> channels;
  private final AtomicInteger held = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();
  private final AtomicInteger lost = new AtomicInteger();
  private final AtomicInteger regressions = new AtomicInteger();
  private final AtomicInteger permanent = new AtomicInteger();
  private final AtomicLongArray revisions;
  private final AtomicReferenceArray<String> cursors;
  private final AtomicInteger misfits = new AtomicInteger();
  private final Told told = new Told();
  private volatile AtomicReferenceArray<JsonNode> states;
  private final Away away;
  private volatile List<Address> addresses;
  private volatile boolean comesBack;
  private volatile boolean stopped;
  private volatile Arrivals arrivals = new Arrivals(0, 0, 0);

  /// SDKs' streams, of these keys in turn.
  Streams(Address address, List<String> keys, int clients, int threads) {
    this(address, keys, clients, threads, Transport.PLAIN);
  }

  /// The same over this transport.
  Streams(Address address, List<String> keys, int clients, int threads, Transport transport) {
    this(
        keys.stream()
            .map(key -> "GET /sdk/v1/stream HTTP/1.1\r\nAuthorization: Bearer " + key)
            .toList(),
        clients,
        threads,
        address,
        transport);
  }

  /// Streams at these paths in turn, which are all that it takes to open one.
  static Streams at(Address address, List<String> paths, int clients, int threads) {
    return new Streams(
        paths.stream().map(path -> "GET " + path + " HTTP/1.1").toList(),
        clients,
        threads,
        address,
        Transport.PLAIN);
  }

  private Streams(
      List<String> requests, int clients, int threads, Address address, Transport transport) {
    this.transport = transport;
    this.ssl = transport.client();
    this.addresses = List.of(address);
    this.away = new Away(clients);
    this.requests = requests;
    this.loops = Netty.eventLoops(threads);
    this.channels = new AtomicReferenceArray<>(clients);
    this.cursors = new AtomicReferenceArray<>(clients);
    this.revisions = new AtomicLongArray(clients);
    this.client =
        Netty.client(loops)
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {}
                });
  }

  /// Keeps what each stream is told from now on; to be asked for before they are opened.
  void keepStates() {
    var none = new AtomicReferenceArray<JsonNode>(channels.length());
    for (var i = 0; i < none.length(); i++) {
      none.set(i, Told.NOTHING);
    }
    states = none;
  }

  /// How many streams were told anything else than this, altogether.
  ///
  /// @param state flags, segments and revision
  int notHolding(JsonNode state) {
    var others = 0;
    for (var i = 0; i < states.length(); i++) {
      var held = states.get(i);
      if (!held.path("flags").equals(state.path("flags"))
          || !held.path("segments").equals(state.path("segments"))
          || Told.revision(held) != Told.revision(state)) {
        others++;
      }
    }
    return others;
  }

  /// Events that could not follow what their stream was told before.
  int misfits() {
    return misfits.get();
  }

  /// Opens all streams and waits until each had its first event.
  ///
  /// @param perSecond new connections per second
  void open(int perSecond) throws InterruptedException {
    var clients = channels.length();
    var start = System.nanoTime();
    for (var i = 0; i < clients; i++) {
      open(i, 1);
      var due = start + TimeUnit.SECONDS.toNanos(1) * (i + 1) / perSecond;
      var early = TimeUnit.NANOSECONDS.toMillis(due - System.nanoTime());
      if (early > 0) {
        Thread.sleep(early);
      }
    }
    var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (held.get() < clients && System.nanoTime() < deadline) {
      Thread.sleep(20);
    }
    if (held.get() < clients) {
      throw new IllegalStateException(
          "only " + held + " of " + clients + " streams could be opened");
    }
  }

  /// Where streams are opened from now on, in turn.
  void goTo(List<Address> those) {
    addresses = those;
  }

  /// How long streams were away.
  Away away() {
    return away;
  }

  /// From now on, a stream that ends is opened again with its cursor, after as long as the server
  /// told it (`retry`, `Retry-After`, and `goodbye` if states are kept), or else 1 to 5 seconds.
  void comeBack() {
    comesBack = true;
  }

  /// Closes a stream by chance; it comes back.
  void dropOne() {
    var channel = channels.get(ThreadLocalRandom.current().nextInt(channels.length()));
    if (channel != null) {
      channel.close();
    }
  }

  /// Takes nothing from its streams any more.
  void stopReading() {
    for (var i = 0; i < channels.length(); i++) {
      channels.get(i).config().setAutoRead(false);
    }
  }

  /// How many streams were last told another revision than this one.
  int notAt(long revision) {
    var others = 0;
    for (var i = 0; i < revisions.length(); i++) {
      if (revisions.get(i) != revision) {
        others++;
      }
    }
    return others;
  }

  /// Waits until every stream is open and was last told this revision.
  ///
  /// @return whether that came true within the time
  boolean awaitAll(long revision, int seconds) throws InterruptedException {
    var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (held.get() < channels.length() || notAt(revision) > 0) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      Thread.sleep(20);
    }
    return true;
  }

  /// Events that went back in time.
  int regressions() {
    return regressions.get();
  }

  /// Answers that a client would not come back after.
  int permanentErrors() {
    return permanent.get();
  }

  int held() {
    return held.get();
  }

  /// Refusals that were tried again.
  int refused() {
    return refused.get();
  }

  /// Streams that the server closed.
  int lost() {
    return lost.get();
  }

  /// Records arrivals of the next `changes` revisions after `base` from now on.
  Arrivals expect(long base, int changes) {
    var next = new Arrivals(base, changes, channels.length());
    arrivals = next;
    return next;
  }

  @Override
  public void close() {
    stopped = true;
    for (var i = 0; i < channels.length(); i++) {
      var channel = channels.get(i);
      if (channel != null) {
        channel.close();
      }
    }
    loops.shutdownGracefully(0, 10, TimeUnit.SECONDS).awaitUninterruptibly(15, TimeUnit.SECONDS);
  }

  private void open(int index, int attempt) {
    var source = new InetSocketAddress("127.0.0." + (index % SOURCES + 1), 0);
    var to = addresses;
    var address = to.get(index % to.size());
    client
        .connect(address.socket(), source)
        .addListener((ChannelFuture connected) -> {
          if (connected.isSuccess()) {
            ask(connected.channel(), address, index, attempt);
          } else {
            again(index, attempt, NOT_TOLD);
          }
        });
  }

  private void ask(Channel channel, Address address, int index, int attempt) {
    channels.set(index, channel);
    var request =
        requests.get(index % requests.size())
            + "\r\nHost: "
            + address.hostHeader()
            + (cursors.get(index) == null ? "" : "\r\nLast-Event-ID: " + cursors.get(index))
            + "\r\nAccept: text/event-stream\r\n\r\n";
    transport.ask(ssl, channel, address, request, new Stream(index, attempt));
  }

  private void again(int index, int attempt, long toldMillis) {
    refused.incrementAndGet();
    if (!stopped && (comesBack || attempt < ATTEMPTS)) {
      var otherwise = comesBack ? ThreadLocalRandom.current().nextInt(1_000, 5_000) : 1_000;
      var delay = toldMillis == NOT_TOLD ? otherwise : toldMillis;
      away.told(index, Math.max(0, toldMillis));
      var _ = loops.next().schedule(() -> open(index, attempt + 1), delay, TimeUnit.MILLISECONDS);
    }
  }

  private static long number(Pattern pattern, String text) {
    var found = pattern.matcher(text);
    return found.find() ? Long.parseLong(found.group(1)) : NOT_TOLD;
  }

  private final class Stream extends ChannelInboundHandlerAdapter implements StreamReader.Listener {

    private final StreamReader reader = new StreamReader(this, states != null);
    private final int index;
    private final int attempt;
    private boolean refusedByServer;
    private boolean first = true;
    private long goodbyeMillis = NOT_TOLD;

    private Stream(int index, int attempt) {
      this.index = index;
      this.attempt = attempt;
    }

    @Override
    public void opened(int status, String head) {
      refusedByServer = status != 200;
      if (refusedByServer) {
        if (status != 429 && status != 503) {
          permanent.incrementAndGet();
        }
        var told = number(RETRY_AFTER, head);
        again(index, attempt, told == NOT_TOLD ? told : TimeUnit.SECONDS.toMillis(told));
      }
    }

    @Override
    public void event(long revision) {
      if (first) {
        first = false;
        held.incrementAndGet();
        away.back(index);
      }
      if (revision >= 0) {
        if (revision < revisions.getAndSet(index, revision)) {
          regressions.incrementAndGet();
        }
        cursors.set(index, reader.id());
        arrivals.record(index, revision, System.nanoTime());
      }
    }

    @Override
    public void told(String name, String data) {
      if (name.equals("goodbye")) {
        goodbyeMillis = number(RECONNECT_AFTER, data);
        return;
      }
      try {
        states.set(index, told.after(states.get(index), name, data));
      } catch (IllegalStateException e) {
        misfits.incrementAndGet();
        System.err.println("stream " + index + ": " + e.getMessage());
      }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      var in = (ByteBuf) message;
      try {
        reader.read(refusedByServer ? in.skipBytes(in.readableBytes()) : in);
      } finally {
        in.release();
      }
      if (refusedByServer) {
        context.close();
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      if (!stopped && !refusedByServer) {
        lost.incrementAndGet();
        if (comesBack) {
          held.addAndGet(first ? 0 : -1);
          if (!first) {
            away.lost(index);
          }
          again(index, attempt, goodbyeMillis == NOT_TOLD ? reader.retry() : goodbyeMillis);
        }
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      if (!stopped) {
        System.err.println("stream " + index + ": " + cause);
      }
      context.close();
    }
  }

  /// When each stream had each of the expected revisions. A stream's row is written by its event
  /// loop alone; readers look at it after the loops were asked to be done.
  static final class Arrivals {

    private final long base;
    private final long[][] nanos;
    private final long[] seen;
    private final AtomicInteger[] missing;

    Arrivals(long base, int changes, int clients) {
      this.base = base;
      this.nanos = new long[changes][clients];
      this.seen = new long[clients];
      Arrays.fill(seen, base);
      this.missing = new AtomicInteger[changes];
      Arrays.setAll(missing, _ -> new AtomicInteger(clients));
    }

    /// One event may carry several revisions: all of them arrive with it.
    void record(int index, long revision, long now) {
      if (index >= seen.length) {
        return;
      }
      var last = Math.min(revision, base + nanos.length);
      for (var r = seen[index] + 1; r <= last; r++) {
        nanos[(int) (r - base - 1)][index] = now;
        missing[(int) (r - base - 1)].decrementAndGet(); // publishes the write above
      }
      seen[index] = Math.max(seen[index], last);
    }

    /// How many streams do not have change number `change` (from 0) yet.
    int missing(int change) {
      return missing[change].get();
    }

    /// Arrival times of change number `change`; only streams that have it.
    long[] of(int change) {
      return Arrays.stream(nanos[change]).filter(at -> at != 0).toArray();
    }
  }
}
