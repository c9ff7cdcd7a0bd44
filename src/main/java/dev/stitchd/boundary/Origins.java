package dev.stitchd.boundary;

import dev.stitchd.kernel.Origin;
import dev.stitchd.kernel.UuidV7;
import java.time.Clock;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;

/// Finds out where requests come from, and gives each its id. Safe from any thread.
@Component
public final class Origins {

  private static final String REQUEST_ID = "X-Request-Id";
  private static final Pattern REQUEST_IDS = Pattern.compile("[A-Za-z0-9._-]{1,128}");

  private final ClientAddress addresses;
  private final Clock clock;
  private final RandomGenerator chance;

  Origins(ClientAddress addresses, Clock clock, RandomGenerator chance) {
    this.addresses = addresses;
    this.clock = clock;
    this.chance = chance;
  }

  /// Where a request comes from. Its id goes into its answer, whatever else that is. A name that is
  /// none, as one that would break a line of a log, is as good as no name.
  public Origin answered(ServerWebExchange exchange) {
    var request = exchange.getRequest();
    var named = request.getHeaders().getFirst(REQUEST_ID);
    var id =
        named != null && REQUEST_IDS.matcher(named).matches()
            ? named
            : UuidV7.at(clock.instant(), chance).toString();
    exchange.getResponse().getHeaders().set(REQUEST_ID, id);
    var forwarded = request.getHeaders().getOrEmpty(ClientAddress.FORWARDED);
    return new Origin(addresses.inFull(request.getRemoteAddress(), forwarded), id);
  }
}
