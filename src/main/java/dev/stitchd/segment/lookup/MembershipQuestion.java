package dev.stitchd.segment.lookup;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.segment.Memberships.Listing;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import reactor.core.publisher.MonoSink;

/// A question on its way into a statement and out of it. May be withdrawn from any thread; hears
/// from one at a time.
final class MembershipQuestion {

  private static final Runnable IN_NO_STATEMENT = () -> {};
  private static final Runnable WITHDRAWN = () -> {};

  private final EnvironmentId environment;
  private final Set<String> segments;
  private final Set<String> keys;
  private final int most;
  private final MonoSink<List<Listing>> asker;

  /// What its statement is told when it is withdrawn.
  private final AtomicReference<Runnable> leaving = new AtomicReference<>(IN_NO_STATEMENT);

  private final List<Listing> heard = new ArrayList<>();
  private boolean tooMany;

  /// @param most entries that the answer may hold
  MembershipQuestion(
      EnvironmentId environment,
      Set<String> segments,
      Set<String> keys,
      int most,
      MonoSink<List<Listing>> asker) {
    this.environment = environment;
    this.segments = segments;
    this.keys = keys;
    this.most = most;
    this.asker = asker;
  }

  EnvironmentId environment() {
    return environment;
  }

  Set<String> segments() {
    return segments;
  }

  Set<String> keys() {
    return keys;
  }

  /// Is in a statement now.
  ///
  /// @param left called once if it is withdrawn, at once if it was
  void joined(Runnable left) {
    if (!leaving.compareAndSet(IN_NO_STATEMENT, left)) {
      left.run();
    }
  }

  void withdraw() {
    leaving.getAndSet(WITHDRAWN).run();
  }

  /// Takes note if that is about one of its segments.
  void hear(Listing listing) {
    if (!segments.contains(listing.segment())) {
      return;
    }
    if (heard.size() == most) {
      heard.clear();
      tooMany = true;
    }
    if (!tooMany) {
      heard.add(listing);
    }
  }

  void answer() {
    if (tooMany) {
      asker.error(
          new Problem.TooLarge(
              "these keys are on more than " + most + " lists together; ask for fewer at once"));
    } else {
      asker.success(heard);
    }
  }

  /// Nobody hears it if the question was withdrawn.
  void fail(Throwable failure) {
    if (leaving.get() != WITHDRAWN) {
      asker.error(failure);
    }
  }
}
