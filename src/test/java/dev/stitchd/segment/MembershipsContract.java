package dev.stitchd.segment;

import dev.stitchd.dev.Patience;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.segment.Memberships.Listing;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

/// What everyone who knows lists keeps to. There are an environment with the segments `vip` and
/// `beta`, and another one with a segment `vip`; all are empty before each test.
interface MembershipsContract {

  Duration SOON = Patience.SOON;

  Memberships memberships();

  EnvironmentId environment();

  EnvironmentId otherEnvironment();

  void add(EnvironmentId environment, String segment, String key, boolean included);

  @Test
  default void bothListsAnswerAndWhatIsOnNeitherIsLeftOut() {
    add(environment(), "vip", "in", true);
    add(environment(), "vip", "out", false);
    add(environment(), "vip", "both", true);
    add(environment(), "vip", "both", false);
    expect(
        List.of("vip"),
        List.of("in", "out", "both", "neither"),
        new Listing("vip", "in", true),
        new Listing("vip", "out", false),
        new Listing("vip", "both", true),
        new Listing("vip", "both", false));
  }

  @Test
  default void oneQuestionCoversManySegmentsAndKeys() {
    add(environment(), "vip", "a", true);
    add(environment(), "beta", "a", true);
    add(environment(), "beta", "b", false);
    expect(
        List.of("vip", "beta"),
        List.of("a", "b"),
        new Listing("vip", "a", true),
        new Listing("beta", "a", true),
        new Listing("beta", "b", false));
    expect(List.of("beta"), List.of("a"), new Listing("beta", "a", true));
  }

  @Test
  default void anotherEnvironmentsListsAreNotAsked() {
    add(otherEnvironment(), "vip", "a", true);
    expect(List.of("vip"), List.of("a"));
  }

  @Test
  default void unknownSegmentsHaveNobody() {
    add(environment(), "vip", "a", true);
    expect(List.of("nothing"), List.of("a"));
  }

  @Test
  default void keysAreEqualOnlyIfTheirBytesAre() {
    add(environment(), "vip", "Grüße 🎉", true);
    expect(List.of("vip"), List.of("grüße 🎉", "Gru\u0308ße 🎉"));
    expect(List.of("vip"), List.of("Grüße 🎉"), new Listing("vip", "Grüße 🎉", true));
  }

  @Test
  default void keysOfAnySpellingAreLookedFor() {
    var keys = List.of("a\"b", "a\\b", "{a,b}", "NULL", "a'b");
    keys.forEach(key -> add(environment(), "vip", key, true));
    expect(
        List.of("vip"),
        keys,
        keys.stream().map(key -> new Listing("vip", key, true)).toArray(Listing[]::new));
  }

  private void expect(List<String> segments, List<String> keys, Listing... listings) {
    memberships()
        .listings(environment(), Set.copyOf(segments), Set.copyOf(keys))
        .map(Set::copyOf)
        .as(StepVerifier::create)
        .expectNext(Set.of(listings))
        .expectComplete()
        .verify(SOON);
  }
}
