package dev.stitchd.admin.analytics;

import dev.stitchd.admin.Requests;
import dev.stitchd.catalog.project.Environments;
import dev.stitchd.delivery.EventKind;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.snapshot.Snapshots;
import dev.stitchd.warehouse.LiveEvents;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.http.MediaType;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.BodyInserters;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import tools.jackson.databind.JsonNode;

/// Events as they arrive, as a stream of Server-Sent Events.
@Component
public final class LiveRoutes {

  private final Environments environments;
  private final LiveEvents live;
  private final Snapshots snapshots;
  private final Scheduler timer;

  LiveRoutes(
      Environments environments,
      LiveEvents live,
      Snapshots snapshots,
      @Qualifier("timer") Scheduler timer) {
    this.environments = environments;
    this.live = live;
    this.snapshots = snapshots;
    this.timer = timer;
  }

  /// What it serves, below `/api/v1`.
  public RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET("/projects/{project}/environments/{environment}/events/live", this::watch)
        .build();
  }

  private Mono<ServerResponse> watch(ServerRequest request) {
    var filter = filter(request);
    return environments
        .id(Requests.tenant(request), Requests.project(request), Requests.environment(request))
        .flatMap(environment ->
            ServerResponse.ok()
                .contentType(MediaType.TEXT_EVENT_STREAM)
                .header("Cache-Control", "no-store")
                .header("X-Accel-Buffering", "no")
                .body(
                    BodyInserters.fromServerSentEvents(
                        live.watch(environment, filter, snapshots.deleted(environment))
                            .map(LiveRoutes::frame)
                            .takeUntilOther(Requests.ended(request, timer).onErrorComplete()))));
  }

  private static LiveEvents.Filter filter(ServerRequest request) {
    var errors = new FieldErrors();
    var type = text(request, "type");
    var kind = type == null ? null : EventKind.named(type);
    if (type != null && kind == null) {
      errors.addMalformed("type", "must be evaluation, track or count");
    }
    var outcome = text(request, "outcome");
    if (outcome != null && !outcome.equals("accepted") && !outcome.equals("rejected")) {
      errors.addMalformed("outcome", "must be accepted or rejected");
    }
    errors.throwIfAny();
    return new LiveEvents.Filter(
        kind,
        text(request, "flag"),
        text(request, "event"),
        text(request, "context"),
        outcome == null ? null : LiveEvents.Outcome.valueOf(outcome.toUpperCase(Locale.ROOT)));
  }

  private static @Nullable String text(ServerRequest request, String name) {
    return request.queryParam(name).filter(value -> !value.isEmpty()).orElse(null);
  }

  private static JsonNode goodbye(String reason, @Nullable Duration reconnectAfter) {
    var goodbye = Json.object().put("reason", reason);
    return reconnectAfter == null
        ? goodbye
        : goodbye.put("reconnectAfterMs", reconnectAfter.toMillis());
  }

  private static ServerSentEvent<String> frame(LiveEvents.Item item) {
    return switch (item) {
      case LiveEvents.Item.Accepted(var event) -> frame("accepted", event);
      case LiveEvents.Item.Rejected(var event) -> frame("rejected", event);
      case LiveEvents.Item.Sampled(int shown) ->
          frame("sampled", Json.object().put("sampled", true).put("shown", shown));
      case LiveEvents.Item.Degraded(var detail) ->
          frame("degraded", Json.object().put("detail", detail));
      case LiveEvents.Item.Quiet _ -> ServerSentEvent.<String>builder().comment("hb").build();
      case LiveEvents.Item.Goodbye(var reason, var after) ->
          frame("goodbye", goodbye(reason, after));
    };
  }

  private static ServerSentEvent<String> frame(String event, JsonNode data) {
    return ServerSentEvent.<String>builder().event(event).data(Json.write(data)).build();
  }
}
