package dev.stitchd.admin;

import dev.stitchd.catalog.event.EventDefinitions;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;

/// The events that an environment lets its SDKs track.
@Component
final class EventDefinitionRoutes {

  private final EventDefinitions definitions;
  private final AdminSettings settings;

  EventDefinitionRoutes(EventDefinitions definitions, AdminSettings settings) {
    this.definitions = definitions;
    this.settings = settings;
  }

  RouterFunction<ServerResponse> routes() {
    return Collection.routes(
        "/projects/{project}/environments/{environment}/event-definitions",
        "event",
        settings.maxBodyBytes(),
        (request, page) ->
            definitions.list(
                Requests.tenant(request),
                Requests.project(request),
                Requests.environment(request),
                page.after(),
                page.limit()),
        request ->
            definitions.get(
                Requests.tenant(request),
                Requests.project(request),
                Requests.environment(request),
                event(request)),
        (request, body) ->
            definitions.create(
                Requests.author(request),
                Requests.project(request),
                Requests.environment(request),
                body),
        (request, edit) ->
            definitions.update(
                Requests.author(request),
                Requests.project(request),
                Requests.environment(request),
                event(request),
                edit),
        (request, expected) ->
            definitions
                .delete(
                    Requests.author(request),
                    Requests.project(request),
                    Requests.environment(request),
                    event(request),
                    expected)
                .then(Answers.gone()));
  }

  private static String event(ServerRequest request) {
    return request.pathVariable("event");
  }
}
