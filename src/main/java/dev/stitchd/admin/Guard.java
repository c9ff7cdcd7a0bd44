package dev.stitchd.admin;

import dev.stitchd.access.Access;
import dev.stitchd.access.ManagementCaller;
import dev.stitchd.access.SessionCookie;
import dev.stitchd.catalog.flag.ServedFlags;
import dev.stitchd.kernel.Problem;
import dev.stitchd.permission.Need;
import dev.stitchd.permission.PathScope;
import dev.stitchd.permission.Permissions;
import dev.stitchd.permission.Role;
import dev.stitchd.resource.Lookups;
import dev.stitchd.warehouse.Asker;
import java.util.Map;
import java.util.Set;
import org.springframework.http.HttpMethod;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.util.pattern.PathPattern;
import reactor.core.publisher.Mono;

/// The one place where it is decided whether a request of the management plane may be handled: who
/// is it, is there what the path names, and does the caller have what [Permissions] asks for the
/// route. What changes an environment is asked once more under its lock, since its kind may have
/// changed meanwhile.
@Component
final class Guard {

  private static final Set<HttpMethod> CHANGING =
      Set.of(HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH, HttpMethod.DELETE);

  private final Access access;
  private final Lookups lookups;
  private final ServedFlags served;

  Guard(Access access, Lookups lookups, ServedFlags served) {
    this.access = access;
    this.lookups = lookups;
    this.served = served;
  }

  /// What a path names and the caller's tenant does not have is 404, whatever else is wrong with
  /// the request, so nothing of it is read before that is known; then what may not be done is 403.
  Mono<ServerResponse> handle(ServerRequest request, HandlerFunction<ServerResponse> next) {
    return allowed(request)
        .doOnNext(_ -> Requests.allowAgain(request, allowed(request)))
        .doOnNext(_ -> Requests.checkQuery(request))
        .flatMap(caller -> next.handle(request).contextWrite(Asker.of(caller.tenant())));
  }

  /// Who is calling, if that is allowed now; asked again of a request whose body takes its time.
  private Mono<ManagementCaller> allowed(ServerRequest request) {
    return Mono.defer(() -> access.management(request.exchange().getRequest()))
        .doOnNext(caller -> Requests.accept(request, caller))
        .delayUntil(caller ->
            scope(request, caller)
                .doOnNext(_ -> checkSent(request, caller))
                .flatMap(scope -> check(request, caller, scope)));
  }

  /// Which tenants there are is told to the platform's administrators alone.
  private Mono<PathScope> scope(ServerRequest request, ManagementCaller caller) {
    return request.pathVariables().containsKey("tenant") && !caller.grants().platform()
        ? Mono.just(PathScope.TENANT)
        : lookups.scope(caller.tenant(), request.pathVariables());
  }

  /// A cookie comes along with whatever a browser sends, so it changes nothing by itself.
  private static void checkSent(ServerRequest request, ManagementCaller caller) {
    var csrf = caller.csrf();
    if (csrf != null
        && CHANGING.contains(request.method())
        && !SessionCookie.isProved(request.exchange().getRequest(), csrf)) {
      throw new Problem.Forbidden(
          "a request that changes something by a cookie carries the header "
              + SessionCookie.CSRF_HEADER
              + " with what GET /api/v1/session answers as csrf");
    }
  }

  /// A path that exists with other methods has no pattern here: its handler refuses.
  private Mono<Void> check(ServerRequest request, ManagementCaller caller, PathScope scope) {
    return request.attributes().get(RouterFunctions.MATCHING_PATTERN_ATTRIBUTE)
            instanceof PathPattern pattern
        ? check(request, pattern.getPatternString(), caller, scope)
        : Mono.empty();
  }

  private Mono<Void> check(
      ServerRequest request, String pattern, ManagementCaller caller, PathScope scope) {
    var need = Permissions.need(request.method().name(), pattern);
    return need.isEmpty()
            || need.get() == Need.SIGNED_IN && (caller.csrf() == null || caller.user() == null)
        ? Mono.error(() ->
            new Problem.Forbidden(
                need.isEmpty() ? "nobody may do this" : "this needs " + need.get().who()))
        : scope(need.get(), caller, scope, request.pathVariables())
            .doOnNext(found -> need.get().check(caller.grants(), found))
            .then();
  }

  /// Which environments serve a flag is read only for who may not change all of them anyway.
  private Mono<PathScope> scope(
      Need need, ManagementCaller caller, PathScope scope, Map<String, String> keys) {
    var project = scope.project();
    return need != Need.EDIT_FLAG
            || project == null
            || caller.grants().may(Role.PUBLISHER, project, null)
        ? Mono.just(scope)
        : served.in(caller.tenant(), project, keys.getOrDefault("flag", "")).map(scope::servedIn);
  }
}
