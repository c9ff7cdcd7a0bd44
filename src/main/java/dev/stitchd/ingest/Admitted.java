package dev.stitchd.ingest;

import dev.stitchd.delivery.Admission;
import dev.stitchd.ingest.quota.Allowance;
import dev.stitchd.kernel.Problem;
import org.jspecify.annotations.Nullable;

/// How far a request got.
///
/// @param stopped what ended it early; null if everything was read and settled
record Admitted(Tally tally, @Nullable Problem stopped) {

  static final Admitted NOTHING = new Admitted(Tally.NOTHING, null);

  static Admitted of(Tally.Sorted sorted, Admission admission, int listed) {
    var tally = sorted.after(admission, listed);
    return switch (admission) {
      case Admission.Durable _, Admission.Partly _ -> new Admitted(tally, null);
      case Admission.Refused refused ->
          new Admitted(
              tally,
              new Problem.Unavailable(
                  "the event queue is full; send the same events again", refused.retryAfter()));
      case Admission.Unknown unknown ->
          new Admitted(
              tally,
              new Problem.Unavailable(
                  "the events are not known to be stored yet; send them again with the same ids",
                  unknown.retryAfter()));
    };
  }

  static Admitted beyond(Allowance.Grant.Short lacking) {
    return stoppedBy(new Problem.TooMany(lacking.detail(), lacking.retryAfter()));
  }

  static Admitted stoppedBy(Problem problem) {
    return new Admitted(Tally.NOTHING, problem);
  }

  /// This and what came after it.
  Admitted then(Admitted next, int listed) {
    return new Admitted(tally.plus(next.tally, listed), stopped == null ? next.stopped : stopped);
  }
}
