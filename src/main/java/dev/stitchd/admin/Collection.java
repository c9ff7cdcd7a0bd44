package dev.stitchd.admin;

import dev.stitchd.boundary.Page;
import dev.stitchd.boundary.VersionHeaders;
import dev.stitchd.kernel.Problem;
import dev.stitchd.resource.Edit;
import dev.stitchd.resource.ResourcePath;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.resource.Written;
import java.util.List;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// The six routes that every collection of the management plane has, alike: lists are paged by key,
/// `PUT` and `DELETE` need `If-Match`, `PATCH` is a JSON Merge Patch.
public final class Collection {

  public interface Lister {
    Mono<List<StoredResource>> list(ServerRequest request, Page page);
  }

  interface Getter {
    Mono<StoredResource> get(ServerRequest request);
  }

  interface Creator {
    Mono<Written> create(ServerRequest request, JsonNode body);
  }

  interface Editor {
    Mono<Written> edit(ServerRequest request, Edit edit);
  }

  interface Remover {
    Mono<ServerResponse> remove(ServerRequest request, long expected);
  }

  private Collection() {}

  /// Routes of a collection.
  ///
  /// @param path of the collection, as `/projects/{project}/flags`
  /// @param item the name of the last path variable, as `flag`
  static RouterFunction<ServerResponse> routes(
      String path,
      String item,
      int maxBody,
      Lister lister,
      Getter getter,
      Creator creator,
      Editor editor,
      Remover remover) {
    var one = path + "/{" + item + "}";
    return RouterFunctions.route()
        .GET(path, request -> list(request, lister))
        .POST(
            path,
            request ->
                Requests.json(request, maxBody).flatMap(body -> create(request, body, creator)))
        .GET(one, request -> getter.get(request).flatMap(Answers::of))
        .PUT(one, request -> replace(request, maxBody, editor))
        .PATCH(one, request -> patch(request, maxBody, editor))
        .DELETE(one, request -> remove(request, remover))
        .build();
  }

  public static Mono<ServerResponse> list(ServerRequest request, Lister lister) {
    var page = Page.of(request);
    return lister
        .list(request, page)
        .flatMap(items ->
            Answers.json(page.answer(items, StoredResource::key, StoredResource::resource)));
  }

  private static Mono<ServerResponse> create(
      ServerRequest request, JsonNode body, Creator creator) {
    return creator
        .create(request, body)
        .flatMap(written ->
            Answers.created(
                written,
                request.path()
                    + "/"
                    + ResourcePath.part(written.resource().get("key").stringValue())));
  }

  private static Mono<ServerResponse> replace(ServerRequest request, int maxBody, Editor editor) {
    var expected = VersionHeaders.named(request);
    return Requests.json(request, maxBody)
        .flatMap(body -> editor.edit(request, Edit.replace(expected, body)))
        .flatMap(Answers::of);
  }

  private static Mono<ServerResponse> patch(ServerRequest request, int maxBody, Editor editor) {
    return patchBody(request, maxBody)
        .flatMap(edit ->
            editor.edit(request, edit).flatMap(written -> Answers.of(written, edit.warnings())));
  }

  /// The edit that a merge patch asks for.
  static Mono<Edit> patchBody(ServerRequest request, int maxBody) {
    var expected = VersionHeaders.optional(request);
    return Requests.json(request, maxBody)
        .map(body -> {
          if (!body.isObject()) {
            throw new Problem.Malformed("a merge patch must be an object");
          }
          return Edit.patch(expected, body);
        });
  }

  private static Mono<ServerResponse> remove(ServerRequest request, Remover remover) {
    return remover.remove(request, VersionHeaders.required(request));
  }
}
