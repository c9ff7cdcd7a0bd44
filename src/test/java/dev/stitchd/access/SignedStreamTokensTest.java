package dev.stitchd.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.access.signing.SecretSettings;
import dev.stitchd.access.signing.SigningSecret;
import dev.stitchd.background.RunningJob;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

class SignedStreamTokensTest {

  private static final String SECRET = "0123456789abcdef0123456789abcdef";

  private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
  private final FakeKeyStore store = new FakeKeyStore();
  private final EnvironmentId environment = store.environment();
  private final SdkCaller caller = store.key(environment, "sdk_cli_one", SdkCaller.Kind.CLIENT);
  private final SdkKeys keys = keys();
  private Instant now = Instant.parse("2026-08-21T10:15:00Z");
  private Mono<byte[]> kept = Mono.error(new IllegalStateException("no PostgreSQL"));
  private RunningJob reading;

  @AfterEach
  void stop() {
    if (reading != null) {
      reading.stop();
    }
  }

  private SdkKeys keys() {
    return new SdkKeys(
        store,
        AccessSettingsTest.defaults(),
        time,
        new java.util.SplittableRandom(1)::nextLong,
        new SimpleMeterRegistry());
  }

  /// The tokens of a node.
  ///
  /// @param given its `STITCHD_SECRET`; null for the one that the store keeps
  private SignedStreamTokens node(String given) {
    var settings = AccessSettingsTest.defaults();
    var secret = new SigningSecret(() -> Mono.defer(() -> kept), new SecretSettings(given), time);
    reading = RunningJob.start(secret, time);
    InstantSource source = () -> now;
    return new SignedStreamTokens(secret, keys, source.withZone(ZoneOffset.UTC), settings);
  }

  private void assertRefused(SignedStreamTokens tokens, String token) {
    tokens.holder(token).as(StepVerifier::create).verifyError(Problem.Unauthenticated.class);
  }

  @Test
  void tokenStandsForItsKey() {
    var tokens = node(SECRET);
    var token = tokens.issue(caller).block();
    assertThat(token).matches("[A-Za-z0-9_-]{75}");
    tokens.holder(token).as(StepVerifier::create).expectNext(caller).verifyComplete();
  }

  @Test
  void allNodesGiveTheSameTokenForAnHour() {
    var first = node(SECRET).issue(caller).block();
    now = Instant.parse("2026-08-21T10:59:59Z");
    assertThat(node(SECRET).issue(caller).block()).isEqualTo(first);
    now = Instant.parse("2026-08-21T11:00:00Z");
    assertThat(node(SECRET).issue(caller).block()).isNotEqualTo(first);
  }

  @Test
  void tokenIsGoodUntilTheEndOfTheNextHour() {
    var tokens = node(SECRET);
    var token = tokens.issue(caller).block();
    now = Instant.parse("2026-08-21T11:59:59Z");
    tokens.holder(token).as(StepVerifier::create).expectNext(caller).verifyComplete();
    now = Instant.parse("2026-08-21T12:00:00Z");
    assertRefused(tokens, token);
  }

  @Test
  void everyChangedByteIsNoticed() {
    var tokens = node(SECRET);
    var token = Base64.getUrlDecoder().decode(tokens.issue(caller).block());
    for (int i = 0; i < token.length; i++) {
      token[i] ^= 1;
      assertRefused(tokens, Base64.getUrlEncoder().withoutPadding().encodeToString(token));
      token[i] ^= 1;
    }
    assertThat(store.asked).isZero();
  }

  @Test
  void nonsenseIsRefused() {
    var tokens = node(SECRET);
    var token = tokens.issue(caller).block();
    for (var text :
        new String[] {"", "x", "!!!", token + "A", token.substring(1), "A".repeat(5_000)}) {
      assertRefused(tokens, text);
    }
  }

  @Test
  void anotherSecretMakesOtherTokens() {
    var token = node("another secret of enough letters").issue(caller).block();
    assertRefused(node(SECRET), token);
  }

  @Test
  void tokenDiesWithItsKey() {
    var tokens = node(SECRET);
    var token = tokens.issue(caller).block();
    tokens.holder(token).block();
    store.revoke(caller);
    keys.recheck(Set.of(environment)).block();
    assertRefused(tokens, token);
  }

  @Test
  void secretThatPostgresKeepsServesAsWell() {
    kept = Mono.just(new byte[32]);
    var tokens = node(null);
    tokens
        .holder(tokens.issue(caller).block())
        .as(StepVerifier::create)
        .expectNext(caller)
        .verifyComplete();
  }

  @Test
  void withoutASecretThereAreNoTokensUntilPostgresAnswers() {
    var tokens = node(null);
    tokens.issue(caller).as(StepVerifier::create).verifyComplete();
    tokens.holder("x").as(StepVerifier::create).verifyError(Problem.Unavailable.class);
    kept = Mono.just(new byte[32]);
    time.advanceTimeBy(Duration.ofSeconds(2));
    assertThat(tokens.issue(caller).block()).isNotNull();
  }

  @Test
  void firstAttemptToReadTheSecretIsWaitedForButNotForEver() {
    kept = Mono.never();
    var issued = new java.util.ArrayList<String>();
    var ended = new java.util.ArrayList<String>();
    node(null).issue(caller).doOnTerminate(() -> ended.add("")).subscribe(issued::add);
    assertThat(ended).isEmpty();
    time.advanceTimeBy(Duration.ofSeconds(3));
    assertThat(ended).hasSize(1);
    assertThat(issued).isEmpty();
  }
}
