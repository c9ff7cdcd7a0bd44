package dev.stitchd.grpc;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/// Refuses calls whose deadline is none. gRPC itself would throw while it makes the call, before
/// any interceptor, log two stack traces for it, and reset the call without a status. It asks for a
/// tracer before that.
final class Deadlines extends ServerStreamTracer.Factory implements ServerInterceptor {

  private static final Metadata.Key<String> TIMEOUT =
      Metadata.Key.of("grpc-timeout", Metadata.ASCII_STRING_MARSHALLER);

  /// As the protocol has it; at least one digit.
  private static final Pattern TIME = Pattern.compile("[0-9]{1,8}[HMSmun]");

  private static final Context.Key<Boolean> IS_NONE = Context.key("deadline that is none");
  private static final ServerStreamTracer NOTHING = new ServerStreamTracer() {};
  private static final ServerStreamTracer MARKING =
      new ServerStreamTracer() {
        @Override
        public Context filterContext(Context context) {
          return context.withValue(IS_NONE, true);
        }
      };

  @Override
  public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
    var times = headers.getAll(TIMEOUT);
    if (times == null
        || StreamSupport.stream(times.spliterator(), false)
            .allMatch(time -> TIME.matcher(time).matches())) {
      return NOTHING;
    }
    headers.discardAll(TIMEOUT);
    return MARKING;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    if (IS_NONE.get() == null) {
      return next.startCall(call, headers);
    }
    call.close(
        Status.INVALID_ARGUMENT.withDescription(
            "the metadata 'grpc-timeout' has to be one to eight digits and a unit, H, M, S, m, u or n"),
        new Metadata());
    return new ServerCall.Listener<>() {};
  }
}
