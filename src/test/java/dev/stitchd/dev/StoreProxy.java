package dev.stitchd.dev;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// Stands between a server and a store and does what networks do to connections: it swallows their
/// bytes, as a NAT that has forgotten them or a pooler that is frozen, delays them, or resets them.
///
/// A connection that is swallowed stays open on both sides, whatever either of them does: neither
/// hears of the other again, nor of its end.
///
/// Blocks; for ordinary threads.
public final class StoreProxy implements AutoCloseable {

  private final String target;
  private final ServerSocket listening;
  private final Set<Way> ways = ConcurrentHashMap.newKeySet();
  private volatile InetSocketAddress store;
  private volatile boolean swallowing;
  private volatile Duration delay = Duration.ZERO;

  /// One connection through here.
  private static final class Way {
    private final Socket client;
    private final Socket store;
    private final AtomicLong bytes = new AtomicLong();
    private volatile String first = "";
    private volatile boolean swallowed;

    private Way(Socket client, Socket store, boolean swallowed) {
      this.client = client;
      this.store = store;
      this.swallowed = swallowed;
    }

    private void close() {
      closeQuietly(client);
      closeQuietly(store);
    }
  }

  private StoreProxy(String target) throws IOException {
    this.target = target;
    this.store = address(target);
    this.listening = new ServerSocket(0, 512, InetAddress.getLoopbackAddress());
    var _ = Thread.ofVirtual().start(this::accept);
  }

  /// A proxy before the store with this URL; passes everything on for now.
  public static StoreProxy to(String url) {
    try {
      return new StoreProxy(url);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The store's URL by way of this proxy.
  public String url() {
    var uri = URI.create(target);
    return target.replace(
        uri.getHost() + ":" + uri.getPort(), "127.0.0.1:" + listening.getLocalPort());
  }

  /// From now on new connections lead to another store.
  public void leadTo(String other) {
    store = address(other);
  }

  private static InetSocketAddress address(String url) {
    var uri = URI.create(url);
    return new InetSocketAddress(uri.getHost(), uri.getPort());
  }

  /// From now on the connections that are open carry nothing any more; new ones work.
  public void swallowExisting() {
    ways.forEach(way -> way.swallowed = true);
  }

  /// The same for those whose first bytes contain a word, as a connection's name to PostgreSQL.
  ///
  /// @return how many those are
  public long swallowExisting(String word) {
    var named = ways.stream().filter(way -> !way.swallowed && way.first.contains(word)).toList();
    named.forEach(way -> way.swallowed = true);
    return named.size();
  }

  /// From now on no connection carries anything, new ones neither.
  public void swallowAll() {
    swallowing = true;
    swallowExisting();
  }

  /// New connections work from now on.
  public void pass() {
    swallowing = false;
  }

  /// Resets the connections that are open; new ones work.
  public void reset() {
    for (var way : ways) {
      resetOnClose(way.client);
      resetOnClose(way.store);
      way.close();
    }
  }

  /// Holds back what either side says by so much.
  public void delay(Duration delay) {
    this.delay = delay;
  }

  /// Open connections that still carry something.
  public long open() {
    return ways.stream().filter(way -> !way.swallowed).count();
  }

  @Override
  public void close() {
    closeQuietly(listening);
    ways.forEach(Way::close);
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        var client = listening.accept();
        client.setTcpNoDelay(true);
        var toStore = new Socket();
        toStore.connect(store);
        toStore.setTcpNoDelay(true);
        var way = new Way(client, toStore, swallowing);
        ways.add(way);
        var _ = Thread.ofVirtual().start(() -> carry(way, client, toStore));
        var _ = Thread.ofVirtual().start(() -> carry(way, toStore, client));
      } catch (IOException _) {
        // a store that is out, or the end of this proxy
      }
    }
  }

  private void carry(Way way, Socket from, Socket to) {
    var buffer = new byte[64 * 1024];
    try {
      for (int read = from.getInputStream().read(buffer);
          read >= 0;
          read = from.getInputStream().read(buffer)) {
        if (from == way.client && way.bytes.getAndAdd(read) == 0) {
          way.first = new String(Arrays.copyOf(buffer, read), StandardCharsets.ISO_8859_1);
        }
        if (!delay.isZero()) {
          LockSupport.parkNanos(delay.toNanos());
        }
        if (!way.swallowed) {
          to.getOutputStream().write(buffer, 0, read);
        }
      }
    } catch (IOException _) {
      // reset, by either side or by this proxy
    }
    if (!way.swallowed) {
      way.close();
      ways.remove(way);
    }
  }

  private static void resetOnClose(Socket socket) {
    try {
      socket.setSoLinger(true, 0);
    } catch (IOException _) {
      // closed already
    }
  }

  private static void closeQuietly(AutoCloseable socket) {
    try {
      socket.close();
    } catch (Exception _) {
      // closed is closed
    }
  }
}
