package dev.stitchd.segment.lookup;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.segment.Memberships.Listing;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/// Asks the store few statements at once. Questions of one environment that come while all of them
/// run are asked together by the next one: under load each statement answers many questions, and an
/// idle node asks at once. Whoever asks bounds how many wait. Safe from any thread.
@Component
final class JoinedMemberships implements BackgroundJob {

  /// So many keys one statement asks for at most.
  private static final int MOST_KEYS = 1_000;

  /// The store's own way of being asked.
  @FunctionalInterface
  interface Store {

    /// Tells where these keys stand in these segments' lists, in one statement. Completes after the
    /// last one; fails as the driver does; cancelling ends the statement.
    ///
    /// @param found called on one thread at a time
    Mono<Void> find(
        EnvironmentId environment, Set<String> segments, Set<String> keys, Consumer<Listing> found);
  }

  private final Store store;
  private final MembershipSettings settings;
  private final Queue<MembershipQuestion> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger passes = new AtomicInteger();
  private final Sinks.Many<MembershipStatement> next =
      Sinks.many().unicast().onBackpressureBuffer();
  private final DistributionSummary together;

  JoinedMemberships(Store store, MembershipSettings settings, MeterRegistry meters) {
    this.store = store;
    this.settings = settings;
    this.together =
        DistributionSummary.builder("stitchd.membership.together")
            .description("Questions about lists in one statement")
            .register(meters);
  }

  /// One question; cancelling it withdraws it, and ends its statement if nobody else waits for
  /// that.
  Mono<List<Listing>> find(EnvironmentId environment, Set<String> segments, Set<String> keys) {
    return Mono.create(sink -> {
      var question = new MembershipQuestion(environment, segments, keys, settings.listings(), sink);
      var _ =
          sink.onCancel(() -> {
            question.withdraw();
            waiting.remove(question);
          });
      waiting.add(question);
      begin();
    });
  }

  @Override
  public String name() {
    return "list look-ups";
  }

  @Override
  public String withoutIt() {
    return "whether somebody is on a list is not known";
  }

  @Override
  public StartOrder order() {
    return StartOrder.REQUEST_WORK;
  }

  /// Runs statements for as long as it is subscribed to, which it may be once. Never fails.
  @Override
  public Flux<Void> work() {
    return next.asFlux()
        .flatMap(statement -> statement.run(store).doFinally(_ -> ended()), settings.statements());
  }

  /// Hands on statements while there are questions and room, one thread at a time.
  private void begin() {
    if (passes.getAndIncrement() != 0) {
      return;
    }
    int done = 1;
    do {
      for (var statement = joined(); statement != null; statement = joined()) {
        running.incrementAndGet();
        together.record(statement.questions());
        next.emitNext(statement, Sinks.EmitFailureHandler.FAIL_FAST);
      }
      done = passes.addAndGet(-done);
    } while (done != 0);
  }

  private void ended() {
    running.decrementAndGet();
    begin();
  }

  private @Nullable MembershipStatement joined() {
    var first = running.get() < settings.statements() ? waiting.poll() : null;
    if (first == null) {
      return null;
    }
    var statement = new MembershipStatement(first);
    var others = waiting.iterator();
    while (others.hasNext() && statement.questions() < settings.together()) {
      var other = others.next();
      if (statement.takes(other, MOST_KEYS)) {
        others.remove();
        statement.add(other);
      }
    }
    return statement;
  }
}
