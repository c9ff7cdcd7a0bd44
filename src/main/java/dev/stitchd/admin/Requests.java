package dev.stitchd.admin;

import dev.stitchd.access.ManagementCaller;
import dev.stitchd.boundary.BodyReader;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Origin;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.Grants;
import dev.stitchd.resource.Author;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.ServerRequest;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import tools.jackson.databind.JsonNode;

/// What every management request says about itself: who asks, in which tenant, with which comment.
public final class Requests {

  private static final String CALLER = Requests.class.getName() + ".caller";
  private static final String ORIGIN = Requests.class.getName() + ".origin";
  private static final String LARGEST = Requests.class.getName() + ".largest";
  private static final String ALLOWED = Requests.class.getName() + ".allowed";

  /// A body that comes within this time is not slow.
  private static final Duration AT_ONCE = Duration.ofMillis(500);

  private static final Duration ASKED_AGAIN = Duration.ofSeconds(1);

  private static final int MAX_COMMENT = 1_000;
  private static final int MAX_IDEMPOTENCY_KEY = 200;

  private Requests() {}

  /// Remembers where a request comes from and how large its body may be; once, by the routes'
  /// filter.
  static void arrive(ServerRequest request, Origin origin, int largestBody) {
    request.attributes().put(LARGEST, largestBody);
    request.attributes().put(ORIGIN, origin);
  }

  /// Remembers who is calling, and refuses what no store can hold; once, by the routes' filter.
  static void accept(ServerRequest request, ManagementCaller caller) {
    if (!request.pathVariables().values().stream().allMatch(Json::isStorable)) {
      throw new Problem.NotFound("no key holds NUL");
    }
    request.attributes().put(CALLER, caller);
  }

  /// Refuses what no store can hold, once the caller may be told.
  static void checkQuery(ServerRequest request) {
    var errors = new FieldErrors();
    request
        .queryParams()
        .forEach((name, values) -> {
          if (!values.stream().filter(Objects::nonNull).allMatch(Json::isStorable)) {
            errors.addMalformed(name, "holds NUL, which no store can keep");
          }
        });
    errors.throwIfAny();
  }

  /// Keeps what finds out whether the request is still allowed, and who its caller is then.
  static void allowAgain(ServerRequest request, Mono<ManagementCaller> allowed) {
    request.attributes().put(ALLOWED, allowed);
  }

  /// A JSON body that is no larger than bodies of this API may be.
  public static Mono<JsonNode> json(ServerRequest request) {
    return json(request, (int) request.attributes().getOrDefault(LARGEST, 0));
  }

  /// The same with another limit. A body may come so slowly that its caller may no longer do what
  /// it asks for: then that is found out again, before anything is made of it.
  static Mono<JsonNode> json(ServerRequest request, int largest) {
    return Mono.defer(() -> {
      var begun = System.nanoTime();
      return BodyReader.json(request, largest)
          .delayUntil(_ ->
              System.nanoTime() - begun > AT_ONCE.toNanos() ? stillAllowed(request) : Mono.empty());
    });
  }

  /// Emits or completes as long as the request is allowed, and fails when it is not any more.
  public static Mono<Void> stillAllowed(ServerRequest request) {
    return request.attributes().get(ALLOWED) instanceof Mono<?> allowed
        ? allowed.then()
        : Mono.empty();
  }

  /// Fails when the request is not allowed any more: for answers that go on. While PostgreSQL
  /// cannot say so, they do.
  public static Mono<Void> ended(ServerRequest request, Scheduler timer) {
    return Flux.interval(ASKED_AGAIN, timer)
        .onBackpressureDrop()
        .concatMap(
            _ -> stillAllowed(request).onErrorResume(Problem.Unavailable.class, _ -> Mono.empty()),
            1)
        .then();
  }

  public static ManagementCaller caller(ServerRequest request) {
    if (request.attributes().get(CALLER) instanceof ManagementCaller caller) {
      return caller;
    }
    throw new Problem.Unauthenticated("this route needs a credential");
  }

  /// The project that the path names.
  public static String project(ServerRequest request) {
    return request.pathVariable("project");
  }

  /// The environment that the path names.
  public static String environment(ServerRequest request) {
    return request.pathVariable("environment");
  }

  /// What the path names by an id of this server's making.
  public static UUID id(ServerRequest request, String name) {
    try {
      return UUID.fromString(request.pathVariable(name));
    } catch (IllegalArgumentException e) {
      throw new Problem.NotFound("there is no such " + name);
    }
  }

  public static TenantId tenant(ServerRequest request) {
    return caller(request).tenant();
  }

  /// What the caller may see and do.
  public static Grants grants(ServerRequest request) {
    return caller(request).grants();
  }

  public static Author author(ServerRequest request) {
    var caller = caller(request);
    return new Author(
        caller.tenant(),
        caller.actor(),
        caller.grants(),
        header(request, "Stitchd-Comment", MAX_COMMENT),
        header(request, "Idempotency-Key", MAX_IDEMPOTENCY_KEY),
        origin(request));
  }

  /// Where the request comes from.
  public static Origin origin(ServerRequest request) {
    return (Origin) Objects.requireNonNull(request.attributes().get(ORIGIN), ORIGIN);
  }

  /// Refuses to repeat what makes a secret.
  ///
  /// @param made as `an SDK key`
  public static void refuseRepetition(ServerRequest request, String made) {
    if (request.headers().firstHeader("Idempotency-Key") != null) {
      throw new Problem.Malformed(
          "creating "
              + made
              + " takes no Idempotency-Key: it is shown once and cannot be answered again");
    }
  }

  /// A query parameter that is `true` or `false`; absence means false.
  public static boolean flag(ServerRequest request, String name) {
    var text = request.queryParam(name).orElse("false");
    if (!text.equals("true") && !text.equals("false")) {
      var errors = new FieldErrors();
      errors.addMalformed(name, "must be true or false");
      errors.throwIfAny();
    }
    return text.equals("true");
  }

  private static @Nullable String header(ServerRequest request, String name, int max) {
    var value = request.headers().firstHeader(name);
    if (value != null && value.length() > max) {
      throw new Problem.Malformed("the header " + name + " is longer than " + max + " characters");
    }
    return value == null || value.isBlank() ? null : value;
  }
}
