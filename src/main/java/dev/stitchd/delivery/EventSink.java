package dev.stitchd.delivery;

import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// Whatever stores events for good.
public interface EventSink {

  /// Events of one kind and one month in the store's own encoding; pure, always the same bytes.
  EncodedBatch encode(String token, EventKind kind, List<Event> events);

  /// Stores what was encoded, by this version or an earlier one, all of it or nothing. The same
  /// token again, with the same rows, changes nothing.
  ///
  /// Completes when the batch is durable. Fails with [Refused] if the store definitely refused and
  /// holds nothing of it; any other failure means that the outcome is not known, or that the store
  /// cannot take it now: write the whole batch again under its token. Completes on a thread of the
  /// store's client.
  Mono<Void> write(EncodedBatch batch);

  /// Why a batch was not stored. Without a stack trace, since it is an outcome.
  abstract sealed class Failure extends RuntimeException {
    private Failure(String reason, @Nullable Throwable cause) {
      super(reason, cause, false, false);
    }

    private static final int LENGTH = 300;

    /// For the log, a dead letter and the sender; not too long, and holds no credentials.
    public final String reason() {
      var message = getMessage();
      return shortened(message == null ? getClass().getSimpleName() : message);
    }

    /// The same for any failure, which may be one of these.
    public static String reason(Throwable failure) {
      return failure instanceof Failure known ? known.reason() : shortened(failure.toString());
    }

    private static String shortened(String reason) {
      return reason.length() <= LENGTH ? reason : reason.substring(0, LENGTH) + "…";
    }
  }

  /// The store is out, overloaded or misconfigured, or its answer was lost: the same batch may
  /// succeed later.
  final class Unavailable extends Failure {
    public Unavailable(String reason) {
      this(reason, null);
    }

    public Unavailable(String reason, @Nullable Throwable cause) {
      super(reason, cause);
    }
  }

  /// The store holds the batch, but who has to know that it came late could not be told: write it
  /// again under its token.
  final class Untold extends Failure {
    public Untold(Throwable cause) {
      super(
          "it is stored but came late, which could not be told (" + Failure.reason(cause) + ")",
          cause);
    }
  }

  /// The store read the batch and will never take it as it is; nothing of it was stored.
  final class Refused extends Failure {
    public Refused(String reason) {
      super(reason, null);
    }
  }
}
