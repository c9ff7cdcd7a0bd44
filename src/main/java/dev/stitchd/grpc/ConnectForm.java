package dev.stitchd.grpc;

import dev.stitchd.kernel.Json;
import io.grpc.Metadata;
import io.grpc.Status;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/// How Connect writes a call: one message as the body, or envelopes, each with a message of a
/// stream; messages as protobuf or JSON. Failures are JSON in all of them.
///
/// @param isStream whether messages are in envelopes
record ConnectForm(boolean isStream, boolean isJson) {

  /// In an envelope's first byte: its message is compressed.
  static final int COMPRESSED = 1;

  /// In an envelope's first byte: it is the last one, and holds how the call ended.
  static final int END = 2;

  /// What an envelope has before its message: the byte, and the message's length.
  static final int ENVELOPE = 5;

  /// The form that a content type stands for; null for none of Connect's.
  static @Nullable ConnectForm of(@Nullable String contentType) {
    if (contentType == null) {
      return null;
    }
    int end = contentType.indexOf(';');
    var name = (end < 0 ? contentType : contentType.substring(0, end)).strip();
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "application/proto" -> new ConnectForm(false, false);
      case "application/json" -> new ConnectForm(false, true);
      case "application/connect+proto" -> new ConnectForm(true, false);
      case "application/connect+json" -> new ConnectForm(true, true);
      default -> null;
    };
  }

  /// All content types of methods with a stream, or of those without.
  static String contentTypes(boolean stream) {
    return stream
        ? "application/connect+proto, application/connect+json"
        : "application/proto, application/json";
  }

  String contentType() {
    return (isStream ? "application/connect+" : "application/") + (isJson ? "json" : "proto");
  }

  /// A failure as JSON.
  static byte[] failure(Status status) {
    return Json.writeBytes(failed(status));
  }

  private static ObjectNode failed(Status status) {
    var failed = Json.object().put("code", code(status.getCode()));
    var text = status.getDescription();
    return text == null ? failed : failed.put("message", text);
  }

  /// What the last envelope of a stream holds.
  static byte[] end(Status status, Metadata trailers) {
    var end = Json.object();
    if (!status.isOk()) {
      end.set("error", failed(status));
    }
    var metadata = Json.object();
    for (var name : trailers.keys()) {
      var value = text(trailers, name);
      if (value != null) {
        metadata.putArray(name).add(value);
      }
    }
    if (!metadata.isEmpty()) {
      end.set("metadata", metadata);
    }
    return Json.writeBytes(end);
  }

  /// The value of metadata that is text; null for what is not.
  static @Nullable String text(Metadata metadata, String name) {
    return name.endsWith(Metadata.BINARY_HEADER_SUFFIX)
        ? null
        : metadata.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
  }

  private static String code(Status.Code code) {
    return code == Status.Code.CANCELLED ? "canceled" : code.name().toLowerCase(Locale.ROOT);
  }

  /// The status of HTTP that Connect gives to a failure.
  static HttpResponseStatus http(Status.Code code) {
    return switch (code) {
      case OK -> HttpResponseStatus.OK;
      case CANCELLED -> HttpResponseStatus.valueOf(499, "Client Closed Request");
      case INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE -> HttpResponseStatus.BAD_REQUEST;
      case DEADLINE_EXCEEDED -> HttpResponseStatus.GATEWAY_TIMEOUT;
      case NOT_FOUND -> HttpResponseStatus.NOT_FOUND;
      case ALREADY_EXISTS, ABORTED -> HttpResponseStatus.CONFLICT;
      case PERMISSION_DENIED -> HttpResponseStatus.FORBIDDEN;
      case RESOURCE_EXHAUSTED -> HttpResponseStatus.TOO_MANY_REQUESTS;
      case UNIMPLEMENTED -> HttpResponseStatus.NOT_IMPLEMENTED;
      case UNAVAILABLE -> HttpResponseStatus.SERVICE_UNAVAILABLE;
      case UNAUTHENTICATED -> HttpResponseStatus.UNAUTHORIZED;
      case UNKNOWN, INTERNAL, DATA_LOSS -> HttpResponseStatus.INTERNAL_SERVER_ERROR;
    };
  }
}
