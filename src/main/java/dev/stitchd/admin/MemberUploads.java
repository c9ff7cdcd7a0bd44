package dev.stitchd.admin;

import dev.stitchd.boundary.BodyReader;
import dev.stitchd.boundary.ContentCoding;
import dev.stitchd.catalog.segment.SegmentPath;
import dev.stitchd.kernel.Problem;
import dev.stitchd.segment.ListUpload;
import dev.stitchd.segment.MemberFormat;
import dev.stitchd.segment.MemberImport;
import dev.stitchd.segment.MemberImports;
import dev.stitchd.segment.MemberSide;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.http.HttpHeaders;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.BodyExtractors;
import org.springframework.web.reactive.function.server.ServerRequest;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Whole lists that arrive as a body of any length; inflated and read on the scheduler `imports`.
@Component
final class MemberUploads {

  /// Buffers of a body that are read ahead.
  private static final int AHEAD = 4;

  private final MemberImports imports;
  private final Scheduler scheduler;

  MemberUploads(MemberImports imports, @Qualifier("imports") Scheduler scheduler) {
    this.imports = imports;
    this.scheduler = scheduler;
  }

  Mono<MemberImport> replace(ServerRequest request, SegmentPath path, MemberSide side) {
    var upload = new ListUpload(format(request), side, Requests.flag(request, "empty"));
    var coding = ContentCoding.of(request.headers().header(HttpHeaders.CONTENT_ENCODING));
    var body = body(request).publishOn(scheduler, AHEAD);
    return imports.replace(Requests.author(request), path, upload, coding.unpack(body));
  }

  private static MemberFormat format(ServerRequest request) {
    var type = type(request);
    var format = type == null ? null : MemberFormat.of(type.getType() + "/" + type.getSubtype());
    if (format == null) {
      throw new Problem.UnsupportedMedia("this route reads text/csv and application/x-ndjson");
    }
    return format;
  }

  private static @Nullable MediaType type(ServerRequest request) {
    try {
      return request.headers().contentType().orElse(null);
    } catch (InvalidMediaTypeException e) {
      return null;
    }
  }

  private static Flux<byte[]> body(ServerRequest request) {
    return request
        .body(BodyExtractors.toDataBuffers())
        .map(BodyReader::take)
        .onErrorMap(_ -> new Problem.Malformed("the upload was cut off"));
  }
}
