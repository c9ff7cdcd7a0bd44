package dev.stitchd.endpoint;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An answer that is complete. Written once.
public final class HttpAnswer {

  private static final AsciiString JSON = AsciiString.cached("application/json");

  private record Header(CharSequence name, CharSequence value) {}

  private final HttpResponseStatus status;
  private final @Nullable CharSequence contentType;
  private final @Nullable ByteBuf body;
  private List<Header> headers = List.of();

  private HttpAnswer(
      HttpResponseStatus status, @Nullable CharSequence contentType, @Nullable ByteBuf body) {
    this.status = status;
    this.contentType = contentType;
    this.body = body;
  }

  /// 200 with a JSON body.
  public static HttpAnswer json(byte[] body) {
    return json(Unpooled.wrappedBuffer(body));
  }

  /// 200 with a JSON body, which is released when it was written.
  public static HttpAnswer json(ByteBuf body) {
    return new HttpAnswer(HttpResponseStatus.OK, JSON, body);
  }

  /// Another status, with a body.
  public static HttpAnswer of(int status, CharSequence contentType, byte[] body) {
    return new HttpAnswer(
        HttpResponseStatus.valueOf(status), contentType, Unpooled.wrappedBuffer(body));
  }

  /// A status that says it all.
  public static HttpAnswer empty(HttpResponseStatus status) {
    return new HttpAnswer(status, null, null);
  }

  /// Adds a header, in place of one of this name that all answers of the route have.
  public HttpAnswer with(CharSequence name, CharSequence value) {
    if (headers.isEmpty()) {
      headers = new ArrayList<>(2);
    }
    headers.add(new Header(name, value));
    return this;
  }

  /// Adds headers as the other does.
  public HttpAnswer with(Map<String, String> more) {
    var answer = this;
    for (var header : more.entrySet()) {
      answer = answer.with(header.getKey(), header.getValue());
    }
    return answer;
  }

  int status() {
    return status.code();
  }

  HttpResponseStatus statusLine() {
    return status;
  }

  @Nullable ByteBuf body() {
    return body;
  }

  void writeTo(HttpHeaders head) {
    if (body != null && contentType != null) {
      head.set(HttpHeaderNames.CONTENT_TYPE, contentType);
      head.set(HttpHeaderNames.CONTENT_LENGTH, Integer.toString(body.readableBytes()));
    }
    for (var header : headers) {
      head.set(header.name(), header.value());
    }
  }
}
