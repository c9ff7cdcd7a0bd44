package dev.stitchd.runtime;

import dev.stitchd.boundary.OtherMethods;
import dev.stitchd.kernel.Json;
import java.util.Map;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// `/health/live` and `/health/ready`. Ready means that the SDK plane can be served: a store that
/// is out is named in `degraded` and does not make the node unready, since the last snapshots keep
/// serving.
@Configuration(proxyBeanMethods = false)
final class HealthRoutes {

  @Bean
  RouterFunction<ServerResponse> healthRoutes(
      ApplicationAvailability availability, Map<String, HealthIndicator> stores) {
    return OtherMethods.refusedBy(
        RouterFunctions.route()
            .GET("/health/live", _ -> answer(200, Json.object().put("status", "live")))
            .GET("/health/ready", _ -> readiness(availability.getReadinessState(), stores))
            .build());
  }

  private static Mono<ServerResponse> readiness(
      ReadinessState state, Map<String, HealthIndicator> stores) {
    if (state != ReadinessState.ACCEPTING_TRAFFIC) {
      return answer(503, Json.object().put("status", "not ready"));
    }
    var body = Json.object().put("status", "ready");
    var degraded = body.putArray("degraded");
    stores.entrySet().stream()
        .filter(store -> !isUp(store.getValue()))
        .map(Map.Entry::getKey)
        .sorted()
        .forEach(degraded::add);
    return answer(200, body);
  }

  private static boolean isUp(HealthIndicator store) {
    var health = store.health();
    return health != null && Status.UP.equals(health.getStatus());
  }

  private static Mono<ServerResponse> answer(int status, ObjectNode body) {
    return ServerResponse.status(status)
        .contentType(MediaType.APPLICATION_JSON)
        .header("Cache-Control", "no-store")
        .bodyValue(Json.writeBytes(body));
  }
}
