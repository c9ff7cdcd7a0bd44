package dev.stitchd.grpc;

import io.grpc.Attributes;
import io.grpc.Status;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A request of Connect that has arrived.
///
/// @param method that it calls
/// @param head what came with the message
/// @param message what the method reads; fails as gRPC's do when it is read
record ConnectRequest(
    ConnectMethods.Method<?, ?> method,
    ConnectForm form,
    ConnectCall.Head head,
    InputStream message) {

  /// Why a request reaches no method.
  static final class Refused extends Exception {

    private static final long serialVersionUID = 1;

    private final transient HttpResponseStatus http;
    private final transient Status status;
    private final transient Map<String, String> headers;

    private Refused(HttpResponseStatus http, Status status, Map<String, String> headers) {
      super(status.getDescription(), null, false, false);
      this.http = http;
      this.status = status;
      this.headers = headers;
    }

    HttpResponseStatus http() {
      return http;
    }

    Status status() {
      return status;
    }

    Map<String, String> headers() {
      return headers;
    }
  }

  private static final String TIMEOUT = "connect-timeout-ms";
  private static final Pattern TIME = Pattern.compile("[0-9]{1,10}");

  /// @param body null for one that is too large
  /// @param connection what the connection remembers from one call to the next
  /// @param maxMessage most bytes of a message, compressed or not
  static ConnectRequest of(
      ConnectMethods methods,
      HttpRequest request,
      byte @Nullable [] body,
      Attributes connection,
      int maxMessage)
      throws Refused {
    if (request.decoderResult().isFailure()) {
      throw refused(Status.INVALID_ARGUMENT, "this request cannot be read");
    }
    var method = methods.at(path(request.uri()));
    if (method == null) {
      throw new Refused(
          HttpResponseStatus.NOT_FOUND,
          Status.UNIMPLEMENTED.withDescription("there is no such method on this port"),
          Map.of());
    }
    if (!request.method().equals(HttpMethod.POST)) {
      throw new Refused(
          HttpResponseStatus.METHOD_NOT_ALLOWED,
          Status.UNIMPLEMENTED.withDescription("methods are called with POST"),
          Map.of("allow", "POST"));
    }
    var headers = request.headers();
    var form = ConnectForm.of(headers.get(HttpHeaderNames.CONTENT_TYPE));
    if (form == null || form.isStream() != method.isStream()) {
      var types = ConnectForm.contentTypes(method.isStream());
      throw new Refused(
          HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE,
          Status.INVALID_ARGUMENT.withDescription("this method takes " + types),
          Map.of("accept-post", types));
    }
    var version = headers.get("connect-protocol-version");
    if (version != null && !version.equals("1")) {
      throw refused(Status.INVALID_ARGUMENT, "'connect-protocol-version' has to be 1");
    }
    var head =
        new ConnectCall.Head(
            CallHead.metadata(headers::get),
            headers.get(HttpHeaderNames.HOST),
            connection,
            millis(headers.get(TIMEOUT)));
    return new ConnectRequest(
        method, form, head, message(form, isGzip(form, headers), body, maxMessage));
  }

  private static Refused refused(Status status, String why) {
    return new Refused(ConnectForm.http(status.getCode()), status.withDescription(why), Map.of());
  }

  /// The path of a target, which a client behind a proxy may have written as a whole URL.
  private static String path(String target) {
    int scheme = target.startsWith("/") ? -1 : target.indexOf("://");
    int begin = scheme < 0 ? 0 : target.indexOf('/', scheme + "://".length());
    var path = begin < 0 ? "/" : target.substring(begin);
    int end = path.indexOf('?');
    return end < 0 ? path : path.substring(0, end);
  }

  private static @Nullable Long millis(@Nullable String time) throws Refused {
    if (time == null) {
      return null;
    }
    if (!TIME.matcher(time).matches()) {
      throw refused(
          Status.INVALID_ARGUMENT, "the header 'connect-timeout-ms' has to be one to ten digits");
    }
    return Long.valueOf(time);
  }

  private static boolean isGzip(ConnectForm form, HttpHeaders headers) throws Refused {
    var encoding =
        form.isStream()
            ? headers.get("connect-content-encoding")
            : headers.get(HttpHeaderNames.CONTENT_ENCODING);
    if (encoding == null || encoding.equals("identity")) {
      return false;
    }
    if (!encoding.equals("gzip")) {
      throw refused(Status.UNIMPLEMENTED, "messages may be compressed with gzip alone");
    }
    return true;
  }

  private static InputStream message(
      ConnectForm form, boolean isGzip, byte @Nullable [] body, int maxMessage) {
    if (body == null) {
      return new Unreadable(Status.RESOURCE_EXHAUSTED);
    }
    if (!form.isStream()) {
      return message(body, 0, isGzip, maxMessage);
    }
    if (body.length < ConnectForm.ENVELOPE
        || ByteBuffer.wrap(body, 1, Integer.BYTES).getInt() != body.length - ConnectForm.ENVELOPE) {
      return new Unreadable(Status.INTERNAL);
    }
    return switch (body[0]) {
      case 0 -> message(body, ConnectForm.ENVELOPE, false, maxMessage);
      case ConnectForm.COMPRESSED ->
          isGzip
              ? message(body, ConnectForm.ENVELOPE, true, maxMessage)
              : new Unreadable(Status.INTERNAL);
      default -> new Unreadable(Status.INTERNAL);
    };
  }

  private static InputStream message(byte[] body, int from, boolean isGzip, int maxMessage) {
    var sent = new ByteArrayInputStream(body, from, body.length - from);
    if (!isGzip || from == body.length) {
      return sent; // what is empty is not compressed, whatever its header says
    }
    try (var plain = new Gzip().decompress(sent)) {
      var message = plain.readNBytes(maxMessage + 1);
      return message.length > maxMessage
          ? new Unreadable(Status.RESOURCE_EXHAUSTED)
          : new ByteArrayInputStream(message);
    } catch (IOException _) {
      return new Unreadable(Status.INTERNAL);
    }
  }

  /// Fails when a method reads it, which is after its caller is known ([UnreadableMessages]).
  private static final class Unreadable extends InputStream {

    private final Status status;

    private Unreadable(Status status) {
      this.status = status;
    }

    @Override
    public int read() {
      throw status.asRuntimeException();
    }
  }
}
