package dev.stitchd.admin;

import dev.stitchd.boundary.OtherMethods;
import java.io.IOException;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.ClassPathResource;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

/// The description of all routes, written by hand and compared with the routes by a test.
@Configuration(proxyBeanMethods = false)
final class OpenApiRoutes {

  @Bean
  RouterFunction<ServerResponse> openApiRoute() throws IOException {
    var description = new ClassPathResource("openapi.json").getContentAsByteArray();
    return OtherMethods.refusedBy(
        RouterFunctions.route()
            .GET(
                "/openapi.json",
                _ ->
                    ServerResponse.ok()
                        .contentType(MediaType.APPLICATION_JSON)
                        .bodyValue(description))
            .build());
  }
}
