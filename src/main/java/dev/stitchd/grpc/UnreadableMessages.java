package dev.stitchd.grpc;

import dev.stitchd.kernel.Problem;
import io.grpc.Context;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Lets a message that cannot be read reach its method as an empty one and as a [Problem], so that
/// the caller is known before it is refused. gRPC itself would throw where it reads, log a stack
/// trace for it, and answer UNKNOWN, which clients repeat.
final class UnreadableMessages implements ServerInterceptor {

  private static final Context.Key<Problem> KEY = Context.key("unreadable message");

  /// Why the message of the call that is being served by this thread cannot be read; null if it
  /// can.
  static @Nullable Problem current() {
    return KEY.get();
  }

  /// A service whose messages are read so.
  ///
  /// @param maxBytes of a message
  static ServerServiceDefinition readable(ServerServiceDefinition service, long maxBytes) {
    List<? extends ServerMethodDefinition<?, ?>> methods =
        service.getMethods().stream().map(method -> readable(method, maxBytes)).toList();
    var own = service.getServiceDescriptor();
    var descriptor =
        ServiceDescriptor.newBuilder(own.getName()).setSchemaDescriptor(own.getSchemaDescriptor());
    methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
    var read = ServerServiceDefinition.builder(descriptor.build());
    methods.forEach(read::addMethod);
    return read.build();
  }

  private static <Q, A> ServerMethodDefinition<Q, A> readable(
      ServerMethodDefinition<Q, A> method, long maxBytes) {
    var own = method.getMethodDescriptor();
    var prototype = (MethodDescriptor.PrototypeMarshaller<Q>) own.getRequestMarshaller();
    var reader = new Reader<>(prototype, maxBytes);
    return ServerMethodDefinition.create(
        own.toBuilder(reader, own.getResponseMarshaller()).build(), method.getServerCallHandler());
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    var reader = (Reader<Q>) call.getMethodDescriptor().getRequestMarshaller();
    return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
      private @Nullable Context unreadable;

      @Override
      public void onMessage(Q message) {
        var problem = reader.problem(message);
        if (problem == null) {
          super.onMessage(message);
        } else {
          unreadable = Context.current().withValue(KEY, problem);
          unreadable.run(() -> super.onMessage(message));
        }
      }

      /// This is when methods with one message are called.
      @Override
      public void onHalfClose() {
        if (unreadable == null) {
          super.onHalfClose();
        } else {
          unreadable.run(super::onHalfClose);
        }
      }
    };
  }

  /// Reads messages, and gives one of two empty ones of its own for what it cannot read.
  private static final class Reader<T> implements Marshaller<T> {

    private final Marshaller<T> marshaller;
    private final T broken;
    private final T tooLarge;
    private final long maxBytes;

    private Reader(MethodDescriptor.PrototypeMarshaller<T> marshaller, long maxBytes) {
      this.marshaller = marshaller;
      this.broken = marshaller.parse(InputStream.nullInputStream());
      this.tooLarge = marshaller.parse(InputStream.nullInputStream());
      this.maxBytes = maxBytes;
    }

    @Override
    public InputStream stream(T message) {
      return marshaller.stream(message);
    }

    @Override
    public T parse(InputStream from) {
      try {
        return marshaller.parse(from);
      } catch (StatusRuntimeException e) {
        return e.getStatus().getCode() == Status.Code.RESOURCE_EXHAUSTED ? tooLarge : broken;
      }
    }

    @Nullable Problem problem(T message) {
      if (message == broken) {
        return new Problem.Malformed(
            "the message cannot be read: it is not what this method takes, or was damaged");
      }
      return message == tooLarge
          ? new Problem.TooLarge(
              "the message is larger than %d bytes when it is decompressed".formatted(maxBytes))
          : null;
    }
  }
}
