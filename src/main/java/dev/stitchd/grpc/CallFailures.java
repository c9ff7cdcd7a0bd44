package dev.stitchd.grpc;

import dev.stitchd.boundary.Failures;
import dev.stitchd.kernel.Problem;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Ends failed calls with the status that the failure means. What nobody expected becomes INTERNAL
/// with an incident number: clients retry UNKNOWN, which would help nobody.
final class CallFailures implements ServerInterceptor {

  private static final Metadata.Key<String> RETRY_AFTER =
      Metadata.Key.of("retry-after", Metadata.ASCII_STRING_MARSHALLER);

  /// It travels in the trailer, and clients take 8 KB of these; a sign may take nine bytes there.
  private static final int MOST_TEXT = 500;

  private final Failures failures;

  CallFailures(Failures failures) {
    this.failures = failures;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    return next.startCall(
        new SimpleForwardingServerCall<>(call) {
          @Override
          public void close(Status status, Metadata trailers) {
            var cause = status.getCause();
            super.close(
                status.getCode() == Status.Code.UNKNOWN && cause != null
                    ? refused(cause, getMethodDescriptor().getFullMethodName(), trailers)
                    : status,
                trailers);
          }
        },
        headers);
  }

  /// What a failure means.
  ///
  /// @param trailers where what else the client has to know is put
  Status refused(Throwable failure, String method, Metadata trailers) {
    var refusal = failures.refusal(failure, "gRPC", method);
    var wait = retryAfter(refusal.problem());
    if (wait != null) {
      trailers.put(RETRY_AFTER, Long.toString(Math.max(1, wait.toSeconds())));
    }
    return status(refusal.problem()).withDescription(cut(refusal.detail()));
  }

  private static String cut(String text) {
    return text.length() <= MOST_TEXT ? text : text.substring(0, MOST_TEXT) + "…";
  }

  private static @Nullable Duration retryAfter(@Nullable Problem problem) {
    return switch (problem) {
      case Problem.TooMany many -> many.retryAfter();
      case Problem.Unavailable unavailable -> unavailable.retryAfter();
      case null, default -> null;
    };
  }

  private static Status status(@Nullable Problem problem) {
    return switch (problem) {
      case Problem.Malformed _, Problem.Invalid _, Problem.UnsupportedMedia _ ->
          Status.INVALID_ARGUMENT;
      case Problem.Unauthenticated _ -> Status.UNAUTHENTICATED;
      case Problem.Forbidden _ -> Status.PERMISSION_DENIED;
      case Problem.NotFound _ -> Status.NOT_FOUND;
      case Problem.MethodNotAllowed _ -> Status.UNIMPLEMENTED;
      case Problem.StaleVersion _, Problem.Conflict _ -> Status.ABORTED;
      case Problem.VersionRequired _ -> Status.FAILED_PRECONDITION;
      case Problem.TooLarge _, Problem.TooMany _ -> Status.RESOURCE_EXHAUSTED;
      case Problem.Unavailable _ -> Status.UNAVAILABLE;
      case null -> Status.INTERNAL;
    };
  }
}
