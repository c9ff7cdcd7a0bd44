package dev.stitchd.delivery;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// Whatever stores events for good.
public interface EventSink {

  /// Stores a batch, all of it or nothing. The same token again, with the same rows, changes
  /// nothing.
  ///
  /// Completes when the batch is durable. Fails with [Refused] if the store definitely refused and
  /// holds nothing of it; any other failure means that the outcome is not known, or that the store
  /// cannot take it now: write the whole batch again under its token. Completes on a thread of the
  /// store's client.
  Mono<Void> write(Batch batch);

  /// The same batch in the store's own encoding; pure, always the same bytes.
  Parcel encode(Batch batch);

  /// Stores what was encoded before, by this version or an earlier one, as [#write(Batch)] would
  /// have: a batch and its parcel have one token and are stored once.
  Mono<Void> write(Parcel parcel);

  /// Why a batch was not stored. Without a stack trace, since it is an outcome.
  abstract sealed class Failure extends RuntimeException {
    private Failure(String reason, @Nullable Throwable cause) {
      super(reason, cause, false, false);
    }

    /// For the log; holds no credentials.
    public final String reason() {
      var message = getMessage();
      return message == null ? getClass().getSimpleName() : message;
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

  /// The store read the batch and will never take it as it is; nothing of it was stored.
  final class Refused extends Failure {
    public Refused(String reason) {
      super(reason, null);
    }
  }
}
