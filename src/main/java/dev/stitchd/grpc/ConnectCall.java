package dev.stitchd.grpc;

import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Context.CancellableContext;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A call over Connect, to a method that does not know it from one over gRPC. Its client has sent
/// its only message before it begins. What a service sends may come from any thread, one after the
/// other, and is written in that order on the connection's event loop, where all else happens.
final class ConnectCall<Q, A> extends ServerCall<Q, A> {

  /// What came with a call.
  ///
  /// @param authority the host that the client thinks it speaks to
  /// @param connection what the connection remembers from one call to the next
  /// @param millis until its client wants no answer any more; null for no such time
  record Head(
      Metadata metadata,
      @Nullable String authority,
      Attributes connection,
      @Nullable Long millis) {}

  private final ConnectMethods.Method<Q, A> method;
  private final ConnectForm form;
  private final Head head;
  private final ConnectConnection connection;
  private final CallFailures failures;
  private final CancellableContext context;
  private final AtomicInteger unwritten = new AtomicInteger();
  private volatile boolean isCancelled;
  private volatile boolean hasWaiting;
  private Listener<Q> listener = new Listener<>() {};
  private byte @Nullable [] answer;
  private boolean hasBegun;
  private boolean isClosed;
  private boolean hasEnded;

  ConnectCall(
      ConnectMethods.Method<Q, A> method,
      ConnectForm form,
      Head head,
      ConnectConnection connection,
      CallFailures failures) {
    this.method = method;
    this.form = form;
    this.head = head;
    this.connection = connection;
    this.failures = failures;
    this.context =
        head.millis() == null
            ? Context.ROOT.withCancellation()
            : Context.ROOT.withDeadlineAfter(
                head.millis(), TimeUnit.MILLISECONDS, connection.loop());
  }

  /// On the event loop.
  void start(InputStream message) {
    context.addListener(this::whenOver, Runnable::run);
    heard(() -> {
      var definition = method.definition();
      listener = definition.getServerCallHandler().startCall(this, head.metadata());
      if (!isClosed && !isCancelled) {
        listener.onMessage(method.read(message, form.isJson()));
        listener.onHalfClose();
        listener.onReady();
      }
    });
  }

  ConnectForm form() {
    return form;
  }

  private void whenOver(Context over) {
    if (over.cancellationCause() instanceof TimeoutException) {
      connection.later(this::isTooLate);
    }
  }

  private void isTooLate() {
    if (!isClosed) {
      write(
          Status.DEADLINE_EXCEEDED.withDescription("the call took longer than its client waits"),
          new Metadata());
      cancel();
    }
  }

  /// The client has gone. On the event loop.
  void cancel() {
    if (!hasEnded) {
      isClosed = true;
      isCancelled = true;
      end(listener::onCancel);
    }
  }

  /// The client has the answer. On the event loop.
  void isAnswered() {
    end(listener::onComplete);
  }

  private void end(Runnable told) {
    if (!hasEnded) {
      hasEnded = true;
      heard(told);
      var _ = context.cancel(null);
    }
  }

  /// The connection has taken a message. On the event loop.
  private void isWritten() {
    var _ = unwritten.decrementAndGet();
    if (hasWaiting && isReady()) {
      hasWaiting = false;
      heard(listener::onReady);
    }
  }

  /// What a method throws where it is told of something ends its call, as in gRPC.
  private void heard(Runnable told) {
    context.run(() -> {
      try {
        told.run();
      } catch (RuntimeException failure) {
        var trailers = new Metadata();
        close(
            failures.refused(failure, getMethodDescriptor().getFullMethodName(), trailers),
            trailers);
      }
    });
  }

  @Override
  public void request(int messages) {
    // the only message comes by itself
  }

  @Override
  public void sendHeaders(Metadata headers) {
    connection.later(this::begin);
  }

  private void begin() {
    if (form.isStream() && !hasBegun && !isClosed) {
      hasBegun = true;
      connection.beginStream(form);
    }
  }

  @Override
  public void sendMessage(A message) {
    var bytes = method.written(message, form.isJson());
    var _ = unwritten.incrementAndGet();
    connection.later(() -> send(bytes));
  }

  private void send(byte[] bytes) {
    if (isClosed) {
      return;
    }
    if (form.isStream()) {
      begin();
      connection.writeEnvelope(0, bytes, this::isWritten);
    } else {
      answer = bytes;
    }
  }

  /// Whether the connection has taken all that was sent, so that a stalled one skips to the newest
  /// of what there is.
  @Override
  public boolean isReady() {
    if (isFree()) {
      return true;
    }
    hasWaiting = true;
    return isFree(); // it may have become so before it was known that somebody waits
  }

  private boolean isFree() {
    return !isCancelled && unwritten.get() == 0;
  }

  @Override
  public void close(Status status, Metadata trailers) {
    connection.later(() -> {
      if (!isClosed) {
        write(status, trailers);
      }
    });
  }

  private void write(Status status, Metadata trailers) {
    begin();
    isClosed = true;
    if (form.isStream()) {
      connection.writeEnvelope(ConnectForm.END, ConnectForm.end(status, trailers), () -> {});
      connection.endStream();
      return;
    }
    var message = answer;
    answer = null;
    if (!status.isOk()) {
      connection.refuse(ConnectForm.http(status.getCode()), status, trailers);
    } else if (message == null) {
      connection.refuse(
          ConnectForm.http(Status.Code.UNIMPLEMENTED),
          Status.UNIMPLEMENTED.withDescription("the method answers nothing"),
          trailers);
    } else {
      connection.answer(form.contentType(), message, trailers);
    }
  }

  @Override
  public boolean isCancelled() {
    return isCancelled;
  }

  @Override
  public Attributes getAttributes() {
    return head.connection();
  }

  @Override
  public @Nullable String getAuthority() {
    return head.authority();
  }

  @Override
  public MethodDescriptor<Q, A> getMethodDescriptor() {
    return method.definition().getMethodDescriptor();
  }
}
