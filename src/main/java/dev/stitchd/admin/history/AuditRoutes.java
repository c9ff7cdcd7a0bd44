package dev.stitchd.admin.history;

import dev.stitchd.admin.Answers;
import dev.stitchd.admin.Requests;
import dev.stitchd.admin.analytics.Query;
import dev.stitchd.audit.AuditEntry;
import dev.stitchd.audit.AuditFilter;
import dev.stitchd.audit.AuditLog;
import dev.stitchd.boundary.Page;
import dev.stitchd.kernel.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.BodyInserters;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Who did what, page by page, or all of it as fast as the client takes it.
@Component
public final class AuditRoutes {

  private static final MediaType LINES = MediaType.APPLICATION_NDJSON;

  private final AuditLog log;
  private final Scheduler timer;

  AuditRoutes(AuditLog log, @Qualifier("timer") Scheduler timer) {
    this.timer = timer;
    this.log = log;
  }

  /// What it serves, below `/api/v1`.
  public RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route().GET("/audit", this::audit).build();
  }

  private Mono<ServerResponse> audit(ServerRequest request) {
    var query = new Query(request);
    var filter =
        new AuditFilter(
            query.text("project"),
            query.text("environment"),
            query.text("actor"),
            query.text("resource"),
            query.text("action"),
            query.time("from"),
            query.time("to"));
    var page = query.page();
    var after =
        page.after().isEmpty() ? AuditEntry.Place.NEWEST : AuditEntry.Place.of(page.after());
    if (after == null) {
      query.refuse("cursor", "is not a cursor that this server gave");
    }
    query.check();
    var from = after == null ? AuditEntry.Place.NEWEST : after;
    return request.headers().accept().stream().anyMatch(LINES::equalsTypeAndSubtype)
        ? lines(request, filter, from)
        : log.page(Requests.tenant(request), Requests.grants(request), filter, from, page.limit())
            .flatMap(AuditRoutes::answered);
  }

  private static Mono<ServerResponse> answered(AuditLog.Part part) {
    var next = part.next();
    return Answers.json(
        Page.answer(part.entries(), AuditEntry::json, next == null ? null : next.text()));
  }

  /// Fails before the first byte if the log cannot be read.
  private Mono<ServerResponse> lines(
      ServerRequest request, AuditFilter filter, AuditEntry.Place after) {
    var tenant = Requests.tenant(request);
    var grants = Requests.grants(request);
    return log.page(tenant, grants, filter, after, 1)
        .flatMap(_ ->
            head()
                .body(
                    BodyInserters.fromDataBuffers(
                        written(
                            log.export(tenant, grants, filter, after)
                                .takeUntilOther(Requests.ended(request, timer))))));
  }

  private static ServerResponse.BodyBuilder head() {
    return ServerResponse.ok()
        .contentType(new MediaType(LINES, StandardCharsets.UTF_8))
        .header(HttpHeaders.CACHE_CONTROL, "no-store")
        .header(HttpHeaders.CONTENT_DISPOSITION, "attachment; filename=\"audit.ndjson\"");
  }

  /// A piece for each entry: the connection asks for many pieces ahead.
  private static Flux<DataBuffer> written(Flux<List<AuditEntry>> parts) {
    return parts.concatMapIterable(entries -> entries, 1).map(AuditRoutes::line);
  }

  private static DataBuffer line(AuditEntry entry) {
    return DefaultDataBufferFactory.sharedInstance.wrap(
        (Json.write(entry.json()) + "\n").getBytes(StandardCharsets.UTF_8));
  }
}
