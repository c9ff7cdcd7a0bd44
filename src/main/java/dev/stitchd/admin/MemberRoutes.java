package dev.stitchd.admin;

import dev.stitchd.boundary.Page;
import dev.stitchd.catalog.segment.SegmentPath;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.segment.Member;
import dev.stitchd.segment.MemberImport;
import dev.stitchd.segment.MemberImports;
import dev.stitchd.segment.MemberPage;
import dev.stitchd.segment.MemberSide;
import dev.stitchd.segment.Members;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// The members of a segment's list.
@Component
final class MemberRoutes {

  private static final String MEMBERS =
      "/projects/{project}/environments/{environment}/segments/{segment}/members";

  private final Members members;
  private final MemberImports imports;
  private final MemberUploads uploads;
  private final MemberDownloads downloads;
  private final AdminSettings settings;

  MemberRoutes(
      Members members,
      MemberImports imports,
      MemberUploads uploads,
      MemberDownloads downloads,
      AdminSettings settings) {
    this.members = members;
    this.imports = imports;
    this.uploads = uploads;
    this.downloads = downloads;
    this.settings = settings;
  }

  RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET(MEMBERS, this::read)
        .PUT(MEMBERS, this::replace)
        .POST(MEMBERS, this::add)
        .DELETE(MEMBERS, this::remove)
        .GET(MEMBERS + "/imports", this::imports)
        .GET(MEMBERS + "/imports/{import}", this::oneImport)
        .GET(MEMBERS + "/{member}", this::one)
        .build();
  }

  /// A page as JSON, or all of it as a download, by what the request accepts.
  private Mono<ServerResponse> read(ServerRequest request) {
    var format = MemberDownloads.wanted(request);
    return format == null
        ? page(request)
        : downloads.answer(request, path(request), onlySide(request), format);
  }

  private Mono<ServerResponse> page(ServerRequest request) {
    var page = Page.of(request);
    var only = onlySide(request);
    return members
        .page(
            Requests.tenant(request),
            path(request),
            new MemberPage(only, after(page.after()), page.limit()))
        .flatMap(
            found -> Answers.json(page.answer(found, MemberRoutes::cursor, MemberRoutes::json)));
  }

  private Mono<ServerResponse> replace(ServerRequest request) {
    return uploads
        .replace(request, path(request), side(request))
        .flatMap(done -> imported(request, done));
  }

  private static Mono<ServerResponse> imported(ServerRequest request, MemberImport done) {
    return done.state() == MemberImport.State.RUNNING
        ? Answers.accepted(done.json(), request.path() + "/imports/" + done.id())
        : Answers.json(done.json());
  }

  private Mono<ServerResponse> add(ServerRequest request) {
    return Requests.json(request, settings.maxMembersBodyBytes())
        .flatMap(body -> members.add(Requests.author(request), path(request), side(request), body))
        .flatMap(changed -> Answers.json(json(side(request), changed)));
  }

  private Mono<ServerResponse> remove(ServerRequest request) {
    return Requests.json(request, settings.maxMembersBodyBytes())
        .flatMap(
            body -> members.remove(Requests.author(request), path(request), side(request), body))
        .flatMap(changed -> Answers.json(json(side(request), changed)));
  }

  private Mono<ServerResponse> one(ServerRequest request) {
    var key = request.pathVariable("member");
    return members
        .get(Requests.tenant(request), path(request), key)
        .flatMap(found -> Answers.json(json(key, found)));
  }

  private Mono<ServerResponse> imports(ServerRequest request) {
    return imports
        .list(Requests.tenant(request), path(request))
        .flatMap(found -> {
          var answer = Json.object();
          var items = answer.putArray("items");
          found.forEach(one -> items.add(one.json()));
          return Answers.json(answer);
        });
  }

  private Mono<ServerResponse> oneImport(ServerRequest request) {
    return imports
        .get(Requests.tenant(request), path(request), importId(request))
        .flatMap(found -> Answers.json(found.json()));
  }

  private static UUID importId(ServerRequest request) {
    try {
      return UUID.fromString(request.pathVariable("import"));
    } catch (IllegalArgumentException e) {
      throw new Problem.NotFound("there is no such import of this list");
    }
  }

  private static ObjectNode json(Member member) {
    return Json.object().put("key", member.key()).put("list", member.side().wire());
  }

  private static ObjectNode json(String key, List<Member> found) {
    var sides = found.stream().map(Member::side).toList();
    return Json.object()
        .put("key", key)
        .put("included", sides.contains(MemberSide.INCLUDED))
        .put("excluded", sides.contains(MemberSide.EXCLUDED));
  }

  private static ObjectNode json(MemberSide side, Members.Changed changed) {
    return changed
        .list()
        .into(Json.object().put("list", side.wire()).put("changed", changed.changed()));
  }

  private static String cursor(Member member) {
    return (member.side() == MemberSide.INCLUDED ? "+" : "-") + member.key();
  }

  private static @Nullable Member after(String cursor) {
    if (cursor.isEmpty()) {
      return null;
    }
    return new Member(
        cursor.charAt(0) == '-' ? MemberSide.EXCLUDED : MemberSide.INCLUDED, cursor.substring(1));
  }

  /// The side that `?list=` names, the included keys if it names none.
  private static MemberSide side(ServerRequest request) {
    var side = onlySide(request);
    return side == null ? MemberSide.INCLUDED : side;
  }

  private static @Nullable MemberSide onlySide(ServerRequest request) {
    var text = request.queryParam("list").orElse(null);
    var side = text == null ? null : MemberSide.of(text);
    if (text != null && side == null) {
      var errors = new FieldErrors();
      errors.addMalformed("list", "must be included or excluded");
      errors.throwIfAny();
    }
    return side;
  }

  private static SegmentPath path(ServerRequest request) {
    return new SegmentPath(
        Requests.project(request), Requests.environment(request), request.pathVariable("segment"));
  }
}
