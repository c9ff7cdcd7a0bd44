package dev.stitchd.admin;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import dev.stitchd.catalog.segment.SegmentPath;
import dev.stitchd.kernel.Json;
import dev.stitchd.segment.Member;
import dev.stitchd.segment.MemberFormat;
import dev.stitchd.segment.MemberPage;
import dev.stitchd.segment.MemberSide;
import dev.stitchd.segment.Members;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.BodyInserters;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Whole lists as downloads, read as fast as the client takes them. What is downloaded can be
/// uploaded again.
@Component
final class MemberDownloads {

  /// The connection asks for many pieces ahead, so they are small.
  private static final int PIECE = 16 * 1024;

  /// Unbuffered, since what it writes to is in memory.
  private static final CsvWriter.CsvWriterBuilder CSV =
      CsvWriter.builder().lineDelimiter(LineDelimiter.LF).bufferSize(0);

  private static final byte[] CSV_HEADER = "key,list\n".getBytes(StandardCharsets.UTF_8);

  private final Members members;

  MemberDownloads(Members members) {
    this.members = members;
  }

  /// The format that a request wants a download in; null if it wants JSON.
  static @Nullable MemberFormat wanted(ServerRequest request) {
    for (var type : request.headers().accept()) {
      var format = MemberFormat.of(type.getType() + "/" + type.getSubtype());
      if (format != null) {
        return format;
      }
    }
    return null;
  }

  /// Fails before the first byte if there is no such list.
  Mono<ServerResponse> answer(
      ServerRequest request, SegmentPath path, @Nullable MemberSide only, MemberFormat format) {
    return members
        .page(Requests.tenant(request), path, new MemberPage(only, null, 1))
        .flatMap(_ ->
            head(path, format)
                .body(
                    BodyInserters.fromDataBuffers(
                        pieces(request, path, only, format)
                            .map(DefaultDataBufferFactory.sharedInstance::wrap))));
  }

  private static ServerResponse.BodyBuilder head(SegmentPath path, MemberFormat format) {
    var ending =
        switch (format) {
          case CSV -> ".csv";
          case NDJSON -> ".ndjson";
        };
    return ServerResponse.ok()
        .contentType(MediaType.parseMediaType(format.mediaType() + ";charset=utf-8"))
        .header(HttpHeaders.CACHE_CONTROL, "no-store")
        .header(
            HttpHeaders.CONTENT_DISPOSITION,
            "attachment; filename=\"" + path.segment() + ending + "\"");
  }

  private Flux<byte[]> pieces(
      ServerRequest request, SegmentPath path, @Nullable MemberSide only, MemberFormat format) {
    var lines =
        members
            .export(Requests.tenant(request), path, new MemberPage(only, null, 1))
            .concatMapIterable(page -> written(page, format), 1);
    return switch (format) {
      case CSV -> Flux.concat(Mono.just(CSV_HEADER), lines);
      case NDJSON -> lines;
    };
  }

  private static List<byte[]> written(List<Member> page, MemberFormat format) {
    var pieces = new ArrayList<byte[]>();
    var piece = new StringWriter(PIECE + 1024);
    var csv = CSV.build(piece);
    for (var member : page) {
      switch (format) {
        case CSV -> csv.writeRecord(member.key(), member.side().wire());
        case NDJSON -> piece.append(object(member)).append('\n');
      }
      if (piece.getBuffer().length() >= PIECE) {
        pieces.add(bytes(piece));
        piece.getBuffer().setLength(0);
      }
    }
    if (!piece.getBuffer().isEmpty()) {
      pieces.add(bytes(piece));
    }
    return pieces;
  }

  private static String object(Member member) {
    return Json.write(Json.object().put("key", member.key()).put("list", member.side().wire()));
  }

  private static byte[] bytes(StringWriter text) {
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }
}
