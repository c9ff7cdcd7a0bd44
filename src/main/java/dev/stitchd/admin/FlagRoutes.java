package dev.stitchd.admin;

import dev.stitchd.boundary.VersionHeaders;
import dev.stitchd.catalog.flag.FlagFilter;
import dev.stitchd.catalog.flag.FlagTargeting;
import dev.stitchd.catalog.flag.Flags;
import dev.stitchd.catalog.segment.Segments;
import dev.stitchd.resource.Edit;
import java.util.Map;
import java.util.stream.Collectors;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/// Flags, their targeting in an environment, and segments.
@Component
final class FlagRoutes {

  private static final String TARGETING =
      "/projects/{project}/flags/{flag}/environments/{environment}";

  private final Flags flags;
  private final FlagTargeting targeting;
  private final Segments segments;
  private final SyncWarnings warnings;
  private final AdminSettings settings;

  FlagRoutes(
      Flags flags,
      FlagTargeting targeting,
      Segments segments,
      SyncWarnings warnings,
      AdminSettings settings) {
    this.flags = flags;
    this.targeting = targeting;
    this.segments = segments;
    this.warnings = warnings;
    this.settings = settings;
  }

  RouterFunction<ServerResponse> routes() {
    return targetingRoutes().and(flagRoutes()).and(segmentRoutes());
  }

  private RouterFunction<ServerResponse> flagRoutes() {
    return Collection.routes(
        "/projects/{project}/flags",
        "flag",
        settings.maxBodyBytes(),
        (request, page) ->
            flags.list(
                Requests.tenant(request),
                Requests.project(request),
                filter(request),
                page.after(),
                page.limit()),
        request -> flags.get(Requests.tenant(request), Requests.project(request), flag(request)),
        (request, body) -> flags.create(Requests.author(request), Requests.project(request), body),
        (request, edit) ->
            flags.update(Requests.author(request), Requests.project(request), flag(request), edit),
        (request, expected) ->
            flags
                .delete(
                    Requests.author(request), Requests.project(request), flag(request), expected)
                .flatMap(Answers::gone));
  }

  private RouterFunction<ServerResponse> targetingRoutes() {
    return RouterFunctions.route()
        .GET(TARGETING, warnings::targeting)
        .PUT(TARGETING, this::replaceTargeting)
        .PATCH(
            TARGETING,
            request ->
                Collection.patchBody(request, settings.maxBodyBytes())
                    .flatMap(edit -> editTargeting(request, edit)))
        .build();
  }

  private RouterFunction<ServerResponse> segmentRoutes() {
    return Collection.routes(
        "/projects/{project}/environments/{environment}/segments",
        "segment",
        settings.maxBodyBytes(),
        (request, page) ->
            segments.list(
                Requests.tenant(request),
                Requests.project(request),
                Requests.environment(request),
                page.after(),
                page.limit()),
        request ->
            segments.get(
                Requests.tenant(request),
                Requests.project(request),
                Requests.environment(request),
                segment(request)),
        (request, body) ->
            segments.create(
                Requests.author(request),
                Requests.project(request),
                Requests.environment(request),
                body),
        (request, edit) ->
            segments.update(
                Requests.author(request),
                Requests.project(request),
                Requests.environment(request),
                segment(request),
                edit),
        (request, expected) ->
            segments
                .delete(
                    Requests.author(request),
                    Requests.project(request),
                    Requests.environment(request),
                    segment(request),
                    expected)
                .flatMap(Answers::gone));
  }

  private Mono<ServerResponse> replaceTargeting(ServerRequest request) {
    var expected = VersionHeaders.named(request);
    return Requests.json(request, settings.maxBodyBytes())
        .flatMap(body -> editTargeting(request, Edit.replace(expected, body)));
  }

  private Mono<ServerResponse> editTargeting(ServerRequest request, Edit edit) {
    return targeting
        .update(
            Requests.author(request),
            Requests.project(request),
            flag(request),
            Requests.environment(request),
            edit)
        .flatMap(changed -> Answers.of(changed.written(), moved(changed.moved())));
  }

  /// How many of 100 000 buckets each re-weighted rollout moved, as `Stitchd-Moved: eu=10000,
  /// default=0`.
  private static Map<String, String> moved(Map<String, Integer> moved) {
    var text =
        moved.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(e -> e.getKey() + "=" + e.getValue())
            .collect(Collectors.joining(", "));
    return moved.isEmpty() ? Map.of() : Map.of("Stitchd-Moved", text);
  }

  private static FlagFilter filter(ServerRequest request) {
    return new FlagFilter(
        request.queryParam("q").orElse(null),
        request.queryParam("tag").orElse(null),
        Requests.flag(request, "archived"));
  }

  private static String flag(ServerRequest request) {
    return request.pathVariable("flag");
  }

  private static String segment(ServerRequest request) {
    return request.pathVariable("segment");
  }
}
