package dev.stitchd.grpc;

import com.google.protobuf.MessageLite;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/// Bounds what may be asked without a key, health and reflection: nobody is counted for it, and
/// their streams keep what they were asked with until they end. Messages are small, and a node
/// holds only so many streams. Safe from any thread.
final class KeylessCalls implements ServerInterceptor {

  /// A name of a service or of a symbol, with room to spare.
  private static final int MOST_BYTES = 1_024;

  private final int mostStreams;
  private final AtomicInteger taken = new AtomicInteger();
  private final Set<ServerCall<?, ?>> streams = ConcurrentHashMap.newKeySet();

  KeylessCalls(int mostStreams) {
    this.mostStreams = mostStreams;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    var closed = new AtomicBoolean();
    var once =
        new SimpleForwardingServerCall<Q, A>(call) {
          @Override
          public void close(Status status, Metadata trailers) {
            if (closed.compareAndSet(false, true)) {
              super.close(status, trailers);
            }
          }

          @Override
          public void sendMessage(A message) {
            if (!closed.get()) {
              super.sendMessage(message);
            }
          }
        };
    var isStream = call.getMethodDescriptor().getType() != MethodType.UNARY;
    if (isStream && !enter(once)) {
      once.close(
          Status.RESOURCE_EXHAUSTED.withDescription(
              "this node holds as many streams without a key as it may"),
          new Metadata());
      return new ServerCall.Listener<>() {};
    }
    return new SimpleForwardingServerCallListener<>(next.startCall(once, headers)) {
      @Override
      public void onMessage(Q message) {
        var unreadable = UnreadableMessages.current();
        if (unreadable != null) {
          once.close(Status.INVALID_ARGUMENT.withDescription(unreadable.detail()), new Metadata());
        } else if (message instanceof MessageLite sent && sent.getSerializedSize() > MOST_BYTES) {
          once.close(
              Status.INVALID_ARGUMENT.withDescription(
                  "a message without a key has at most " + MOST_BYTES + " bytes"),
              new Metadata());
        } else if (!closed.get()) {
          super.onMessage(message);
        }
      }

      @Override
      public void onCancel() {
        leave(once);
        super.onCancel();
      }

      @Override
      public void onComplete() {
        leave(once);
        super.onComplete();
      }
    };
  }

  /// Ends the streams that there are.
  void end() {
    streams.forEach(stream ->
        stream.close(Status.UNAVAILABLE.withDescription("this node stops"), new Metadata()));
  }

  private boolean enter(ServerCall<?, ?> stream) {
    if (taken.getAndUpdate(n -> Math.min(n + 1, mostStreams)) >= mostStreams) {
      return false;
    }
    return streams.add(stream);
  }

  private void leave(ServerCall<?, ?> call) {
    if (streams.remove(call)) {
      taken.decrementAndGet();
    }
  }
}
