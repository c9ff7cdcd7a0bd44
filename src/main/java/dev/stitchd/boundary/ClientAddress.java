package dev.stitchd.boundary;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.stereotype.Component;

/// Where a request comes from: the address at the other end of the connection, unless that is a
/// trusted proxy; then the last address in `X-Forwarded-For` that is none. Whoever is not trusted
/// can say what they like. Pure; safe from any thread.
@Component
public final class ClientAddress {

  /// The header that proxies add to.
  public static final String FORWARDED = "X-Forwarded-For";

  private static final String FORWARDED_PROTOCOL = "X-Forwarded-Proto";
  private static final String HTTPS = "https";

  private static final String UNKNOWN = "unknown";

  /// How many proxies may stand in a row.
  private static final int MOST_HOPS = 20;

  private final List<AddressRange> trusted;

  @Autowired
  ClientAddress(ProxySettings settings) {
    this(settings.ranges());
  }

  private ClientAddress(List<AddressRange> trusted) {
    this.trusted = List.copyOf(trusted);
  }

  /// One that trusts no proxy.
  public static ClientAddress trustingNobody() {
    return new ClientAddress(List.of());
  }

  /// The address as text; of an IPv6 address the network, since one user has all of it.
  ///
  /// @param remote the other end of the connection; null if that is not known
  /// @param forwarded the values of [#FORWARDED]
  public String of(@Nullable InetSocketAddress remote, List<String> forwarded) {
    var address = resolved(remote, forwarded);
    return address == null ? UNKNOWN : network(address);
  }

  /// The same of a request.
  public String of(ServerHttpRequest request) {
    return of(request.getRemoteAddress(), request.getHeaders().getOrEmpty(FORWARDED));
  }

  /// The address itself, in full.
  ///
  /// @param remote the other end of the connection; null if that is not known
  /// @param forwarded the values of [#FORWARDED]
  public String inFull(@Nullable InetSocketAddress remote, List<String> forwarded) {
    var address = resolved(remote, forwarded);
    return address == null ? UNKNOWN : address.getHostAddress();
  }

  /// Whether the other end of a connection may say where a request comes from, and how.
  boolean isTrusted(@Nullable InetSocketAddress remote) {
    var address = remote == null ? null : remote.getAddress();
    return address != null && isTrusted(address);
  }

  private @Nullable InetAddress resolved(
      @Nullable InetSocketAddress remote, List<String> forwarded) {
    var address = remote == null ? null : remote.getAddress();
    if (address == null) {
      return null;
    }
    var hops = String.join(",", forwarded).split(",", -1);
    for (int i = hops.length - 1; i >= 0 && hops.length - i <= MOST_HOPS; i--) {
      var before = isTrusted(address) ? parsed(hops[i].strip()) : null;
      if (before == null) {
        break;
      }
      address = before;
    }
    return address;
  }

  private boolean isTrusted(InetAddress address) {
    return trusted.stream().anyMatch(range -> range.contains(address));
  }

  private static @Nullable InetAddress parsed(String hop) {
    try {
      return InetAddress.ofLiteral(hop);
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  private static String network(InetAddress address) {
    var bytes = address.getAddress();
    if (bytes.length == 4) {
      return address.getHostAddress();
    }
    var text = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      text.append(Character.forDigit(bytes[i] >> 4 & 0xf, 16))
          .append(Character.forDigit(bytes[i] & 0xf, 16));
    }
    return text.append("::/64").toString();
  }

  /// Whether a client came over TLS: to this port, or to a proxy that may say so.
  public boolean isOverTls(ServerHttpRequest request) {
    return HTTPS.equals(request.getURI().getScheme())
        || HTTPS.equalsIgnoreCase(request.getHeaders().getFirst(FORWARDED_PROTOCOL))
            && isTrusted(request.getRemoteAddress());
  }
}
