package dev.stitchd.ingest;

import dev.stitchd.delivery.Event;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One event of a request, read.
sealed interface ReadEvent {

  /// Its place in the request, from 0.
  int index();

  /// An event that may be admitted.
  ///
  /// @param size its bytes in the request
  record Valid(int index, Event event, int size) implements ReadEvent {
    UUID id() {
      return event.id();
    }
  }

  /// An event that is not taken.
  ///
  /// @param id as the request had it, if it had one that can be repeated
  record Rejected(int index, @Nullable String id, RejectionCode code, String detail)
      implements ReadEvent {}
}
