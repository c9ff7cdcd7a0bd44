package dev.stitchd.ingest;

import dev.stitchd.delivery.Admission;
import dev.stitchd.ingest.quota.Allowance;
import dev.stitchd.kernel.Problem;
import org.jspecify.annotations.Nullable;

/// How far a request got.
///
/// @param stopped what ended it early; null if everything was read and settled
record IntakeResult(IntakeCounts counts, @Nullable Problem stopped) {

  static final IntakeResult NOTHING = new IntakeResult(IntakeCounts.NOTHING, null);

  static IntakeResult of(IntakeCounts.Sorted sorted, Admission admission, int listed) {
    var counts = sorted.after(admission, listed);
    return switch (admission) {
      case Admission.Durable _, Admission.Partly _ -> new IntakeResult(counts, null);
      case Admission.Refused refused ->
          new IntakeResult(
              counts,
              new Problem.Unavailable(
                  "the event queue is full; send the same events again", refused.retryAfter()));
      case Admission.Unknown unknown ->
          new IntakeResult(
              counts,
              new Problem.Unavailable(
                  "the events are not known to be stored yet; send them again with the same ids",
                  unknown.retryAfter()));
    };
  }

  static IntakeResult beyond(Allowance.Grant.Short lacking) {
    return stoppedBy(new Problem.TooMany(lacking.detail(), lacking.retryAfter()));
  }

  static IntakeResult stoppedBy(Problem problem) {
    return new IntakeResult(IntakeCounts.NOTHING, problem);
  }

  /// This and what came after it.
  IntakeResult then(IntakeResult next, int listed) {
    return new IntakeResult(
        counts.plus(next.counts, listed), stopped == null ? next.stopped : stopped);
  }
}
