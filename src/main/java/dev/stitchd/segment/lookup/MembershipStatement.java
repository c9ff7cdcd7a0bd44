package dev.stitchd.segment.lookup;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.segment.Memberships.Listing;
import dev.stitchd.segment.lookup.JoinedMemberships.Store;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/// Questions of one environment that are asked together: about the keys of all of them in the
/// segments of all of them, since the store goes from the key to the lists it is on, whichever are
/// asked for. Each question hears what it asked and nothing else; if all are withdrawn, the
/// statement is ended.
final class MembershipStatement {

  private final EnvironmentId environment;
  private final List<MembershipQuestion> questions = new ArrayList<>();
  private final Set<String> segments = new HashSet<>();
  private final Map<String, List<MembershipQuestion>> byKey = new HashMap<>();
  private final Sinks.Empty<Void> nobodyWaits = Sinks.empty();

  /// Those who wait for it, and the one who puts it together.
  private final AtomicInteger present = new AtomicInteger(1);

  MembershipStatement(MembershipQuestion first) {
    this.environment = first.environment();
    add(first);
  }

  /// How many questions are in it.
  int questions() {
    return questions.size();
  }

  /// Whether a question can be asked with those that are in it.
  boolean takes(MembershipQuestion question, int mostKeys) {
    return question.environment().equals(environment)
        && byKey.size() + question.keys().size() <= mostKeys;
  }

  void add(MembershipQuestion question) {
    questions.add(question);
    segments.addAll(question.segments());
    question
        .keys()
        .forEach(key -> byKey.computeIfAbsent(key, _ -> new ArrayList<>(1)).add(question));
    present.incrementAndGet();
    question.joined(this::leave);
  }

  /// Asks the store and passes on what it says; ends early if nobody waits for that any more. Never
  /// fails.
  Mono<Void> run(Store store) {
    leave();
    return store
        .find(environment, segments, byKey.keySet(), this::hear)
        .doOnSuccess(_ -> tell(MembershipQuestion::answer))
        .onErrorResume(failure -> {
          tell(question -> question.fail(failure));
          return Mono.empty();
        })
        .takeUntilOther(nobodyWaits.asMono());
  }

  private void hear(Listing listing) {
    byKey.getOrDefault(listing.key(), List.of()).forEach(question -> question.hear(listing));
  }

  private void tell(Consumer<MembershipQuestion> what) {
    questions.forEach(what);
  }

  private void leave() {
    if (present.decrementAndGet() == 0) {
      nobodyWaits.emitEmpty(Sinks.EmitFailureHandler.FAIL_FAST);
    }
  }
}
