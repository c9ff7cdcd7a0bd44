package dev.stitchd.endpoint;

import dev.stitchd.kernel.Problem;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;
import reactor.util.context.Context;

/// Collects a body that fits in memory and hands it on, on the connection's event loop, when its
/// last byte is there. One object for what would be a chain of seven operators, on the path of every
/// evaluation.
final class BodyCollector extends Mono<Reply> {

  /// A body may be announced and never sent.
  private static final int AT_FIRST = 16_384;

  private static final byte[] NOTHING = {};

  private final HttpServerRequest request;
  private final int most;
  private final Function<byte[], Reply> then;

  BodyCollector(HttpServerRequest request, Reply.AfterBody wish) {
    this.request = request;
    this.most = wish.most();
    this.then = wish.then();
  }

  @Override
  public void subscribe(CoreSubscriber<? super Reply> actual) {
    long announced = announced();
    if (announced > most) {
      Mono.<Reply>just(new Reply.Refused(tooLarge())).subscribe(actual);
      return;
    }
    request.receiveObject().subscribe(new Collecting(actual, (int) Math.clamp(announced, 0, AT_FIRST)));
  }

  /// -1 for a body that does not say how long it is.
  private long announced() {
    var length = request.requestHeaders().get(HttpHeaderNames.CONTENT_LENGTH);
    try {
      return length == null ? -1 : Long.parseLong(length);
    } catch (NumberFormatException _) {
      return -1; // refused by the codec already
    }
  }

  private Problem tooLarge() {
    return new Problem.TooLarge("the request body is larger than " + most + " bytes");
  }

  private final class Collecting implements CoreSubscriber<Object>, Subscription {
    private final CoreSubscriber<? super Reply> actual;
    private byte[] bytes;
    private int length;
    private @Nullable Subscription pieces;
    private boolean done;

    private Collecting(CoreSubscriber<? super Reply> actual, int announced) {
      this.actual = actual;
      this.bytes = announced == 0 ? NOTHING : new byte[announced];
    }

    @Override
    public Context currentContext() {
      return actual.currentContext();
    }

    @Override
    public void onSubscribe(Subscription subscription) {
      pieces = subscription;
      actual.onSubscribe(this);
      subscription.request(Long.MAX_VALUE);
    }

    /// The piece is released by whoever gave it.
    @Override
    public void onNext(Object piece) {
      var buffer =
          piece instanceof ByteBufHolder holder ? holder.content() : (ByteBuf) piece;
      int more = buffer.readableBytes();
      if (done || more == 0) {
        return;
      }
      if (length + more > most) {
        cancel();
        emit(new Reply.Refused(tooLarge()));
        return;
      }
      if (length + more > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.min(most, Math.max(length + more, 2 * bytes.length)));
      }
      buffer.readBytes(bytes, length, more);
      length += more;
    }

    @Override
    public void onComplete() {
      if (!done) {
        done = true;
        emit(made());
      }
    }

    @Override
    public void onError(Throwable failure) {
      if (!done) {
        done = true;
        actual.onError(failure);
      }
    }

    /// One reply, which nobody asks for in portions.
    @Override
    public void request(long count) {}

    @Override
    public void cancel() {
      done = true;
      var subscription = pieces;
      if (subscription != null) {
        subscription.cancel();
      }
    }

    private Reply made() {
      try {
        return then.apply(length == bytes.length ? bytes : Arrays.copyOf(bytes, length));
      } catch (RuntimeException failure) {
        return new Reply.Refused(failure);
      }
    }

    private void emit(Reply reply) {
      actual.onNext(reply);
      actual.onComplete();
    }
  }
}
