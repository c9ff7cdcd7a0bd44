package dev.stitchd.admin.analytics;

import dev.stitchd.admin.Requests;
import dev.stitchd.catalog.project.Environments;
import dev.stitchd.delivery.EventKind;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.snapshot.Snapshots;
import dev.stitchd.warehouse.Asker;
import dev.stitchd.warehouse.EventExport;
import dev.stitchd.warehouse.ExportFormat;
import io.netty.buffer.ByteBufAllocator;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.NettyDataBufferFactory;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.BodyInserters;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Events out of the store, as files. The status is written with the first bytes, so what fails
/// before them is a problem with a body; after them the connection breaks.
@Component
public final class ExportRoutes {

  private static final Duration DAY = Duration.ofDays(1);
  private static final Map<String, EventKind> TYPES =
      Arrays.stream(EventKind.values())
          .collect(Collectors.toUnmodifiableMap(EventKind::wireName, kind -> kind));
  private static final Map<String, ExportFormat> FORMATS =
      Map.of(
          "ndjson", ExportFormat.NDJSON, "csv", ExportFormat.CSV, "parquet", ExportFormat.PARQUET);

  private final NettyDataBufferFactory buffers =
      new NettyDataBufferFactory(ByteBufAllocator.DEFAULT);
  private final Environments environments;
  private final EventExport export;
  private final Snapshots snapshots;
  private final Clock clock;
  private final Scheduler timer;

  ExportRoutes(
      Environments environments,
      EventExport export,
      Snapshots snapshots,
      Clock clock,
      @Qualifier("timer") Scheduler timer) {
    this.timer = timer;
    this.environments = environments;
    this.export = export;
    this.snapshots = snapshots;
    this.clock = clock;
  }

  /// What it serves, below `/api/v1`.
  public RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET("/projects/{project}/environments/{environment}/events/export", this::export)
        .build();
  }

  private Mono<ServerResponse> export(ServerRequest request) {
    var query = new Query(request);
    var type = query.text("type", "evaluation");
    var kind = query.oneOf("type", TYPES, "evaluation");
    var format = query.oneOf("format", FORMATS, "ndjson");
    var span = query.span(clock, DAY);
    query.check();
    return environments
        .id(Requests.tenant(request), Requests.project(request), Requests.environment(request))
        .map(environment ->
            new EventExport.Wanted(environment, kind, span.from(), span.to(), format))
        .flatMap(wanted -> answer(type, wanted, request));
  }

  private Mono<ServerResponse> answer(
      String type, EventExport.Wanted wanted, ServerRequest request) {
    return ServerResponse.ok()
        .header("Content-Type", wanted.format().mediaType())
        .header("Content-Disposition", attachment(type, wanted))
        .header("Cache-Control", "no-store")
        .body(
            BodyInserters.fromDataBuffers(
                bytes(wanted, Requests.tenant(request))
                    .takeUntilOther(Requests.ended(request, timer))));
  }

  /// Read when the answer is written, after the request's handler has ended.
  private Flux<DataBuffer> bytes(EventExport.Wanted wanted, TenantId tenant) {
    return export
        .bytes(wanted)
        .takeUntilOther(deleted(wanted.environment()))
        .contextWrite(Asker.of(tenant))
        .<DataBuffer>map(buffers::wrap)
        .doOnDiscard(DataBuffer.class, DataBufferUtils::release);
  }

  /// Fails then, so that nobody takes what there is for all.
  private Mono<Void> deleted(EnvironmentId environment) {
    return snapshots
        .deleted(environment)
        .then(Mono.error(() -> new Problem.NotFound("the environment was deleted meanwhile")));
  }

  private static String attachment(String type, EventExport.Wanted wanted) {
    return "attachment; filename=\"%s.%s\"".formatted(type, wanted.format().extension());
  }
}
