package dev.stitchd.endpoint;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.http.Outcome;
import io.netty.handler.codec.http.HttpMethod;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// The SDK plane's part of the metric `http.server.requests`, with the tags that the framework
/// gives to the management plane's. Safe from any thread.
final class RequestTimers {

  private static final String NONE = "none";
  private static final String UNKNOWN = "UNKNOWN";
  private static final HttpMethod OTHER = HttpMethod.valueOf("OTHER");

  private record Name(HttpMethod method, SdkRoute route, String status, String exception) {}

  private final MeterRegistry meters;
  private final ConcurrentMap<Name, Timer> timers = new ConcurrentHashMap<>();

  /// Of answers with 200, by route.
  private final AtomicReferenceArray<Timer> ok =
      new AtomicReferenceArray<>(SdkRoute.values().length);

  RequestTimers(MeterRegistry meters) {
    this.meters = meters;
  }

  /// A request was answered.
  ///
  /// @param failure why it was refused; null if it was not
  void answered(SdkRequest request, int status, @Nullable Throwable failure) {
    timer(request, status, failure)
        .record(System.nanoTime() - request.began(), TimeUnit.NANOSECONDS);
  }

  /// The client left before its answer was there.
  void left(SdkRequest request) {
    timer(new Name(method(request), request.route(), UNKNOWN, NONE))
        .record(System.nanoTime() - request.began(), TimeUnit.NANOSECONDS);
  }

  private Timer timer(SdkRequest request, int status, @Nullable Throwable failure) {
    if (status != 200) {
      var exception = failure == null ? NONE : failure.getClass().getSimpleName();
      return timer(new Name(method(request), request.route(), Integer.toString(status), exception));
    }
    var known = ok.get(request.route().ordinal());
    if (known != null) {
      return known;
    }
    var made = timer(new Name(request.route().method(), request.route(), "200", NONE));
    ok.set(request.route().ordinal(), made);
    return made;
  }

  /// A method as the route knows it; all others are one, since anybody can make some up.
  private static HttpMethod method(SdkRequest request) {
    var method = request.route().method();
    return request.route().hasMethod(request.method()) ? method : OTHER;
  }

  private Timer timer(Name name) {
    return timers.computeIfAbsent(name, this::made);
  }

  private Timer made(Name name) {
    var outcome =
        name.status.equals(UNKNOWN)
            ? Outcome.UNKNOWN
            : Outcome.forStatus(Integer.parseInt(name.status));
    return Timer.builder("http.server.requests")
        .tag("method", name.method.name())
        .tag("uri", name.route.pattern())
        .tag("status", name.status)
        .tag("outcome", outcome.name())
        .tag("exception", name.exception)
        .tag("error", name.exception)
        .register(meters);
  }
}
