package dev.stitchd.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

class RequestAccessTest {

  private static final String BOOTSTRAP = "a-bootstrap-token-of-32-characters";

  private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
  private final FakeKeyStore store = new FakeKeyStore();
  private static final Actor CI = Actor.token(UUID.randomUUID(), "ci");

  private final FakeTokenStore tokens = new FakeTokenStore();
  private final SdkCaller server =
      store.key(store.environment(), "sdk_srv_one", SdkCaller.Kind.SERVER);
  private final SdkCaller client =
      store.key(server.environment(), "sdk_cli_one", SdkCaller.Kind.CLIENT);
  private final Access access = access(BOOTSTRAP);

  private Access access(String bootstrap) {
    var settings = AccessSettingsTest.defaults();
    return new RequestAccess(
        new SdkKeys(
            store,
            settings,
            time,
            RandomGenerator.of("SplittableRandom"),
            new SimpleMeterRegistry()),
        new ApiTokens(
            tokens,
            settings,
            new InstallationSettings(new InstallationSettings.Bootstrap(bootstrap)),
            () -> time.now(TimeUnit.NANOSECONDS)));
  }

  private static MockServerHttpRequest request(String... headers) {
    var request = MockServerHttpRequest.get("/");
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return request.build();
  }

  private Mono<SdkCaller> sdk(MockServerHttpRequest request) {
    var headers = request.getHeaders();
    return access.sdk(headers.getFirst("Authorization"), headers.getFirst("X-API-Key"));
  }

  @Test
  void keyIsReadFromEitherHeader() {
    for (var request :
        new MockServerHttpRequest[] {
          request("Authorization", "Bearer sdk_srv_one"),
          request("Authorization", "bearer  sdk_srv_one "),
          request("X-API-Key", "sdk_srv_one"),
          request("Authorization", "Basic dTpw", "X-API-Key", "sdk_srv_one")
        }) {
      sdk(request).as(StepVerifier::create).expectNext(server).verifyComplete();
    }
  }

  @Test
  void missingAndEmptyCredentialsAreUnauthenticated() {
    for (var request :
        new MockServerHttpRequest[] {
          request(), request("Authorization", "Bearer "), request("X-API-Key", "")
        }) {
      sdk(request).as(StepVerifier::create).verifyError(Problem.Unauthenticated.class);
      access
          .management(request)
          .as(StepVerifier::create)
          .verifyError(Problem.Unauthenticated.class);
    }
  }

  @Test
  void aKeySaysWhichKindItIs() {
    access.sdk(null, "sdk_cli_one").as(StepVerifier::create).expectNext(client).verifyComplete();
  }

  @Test
  void bootstrapTokenActsInTheDefaultTenant() {
    access
        .management(request("Authorization", "Bearer " + BOOTSTRAP))
        .as(StepVerifier::create)
        .expectNext(
            new ManagementCaller(tokens.tenants.get("default"), Actor.BOOTSTRAP_TOKEN, true))
        .verifyComplete();
  }

  @Test
  void headerNamesAnotherTenant() {
    access
        .management(request("Authorization", "Bearer " + BOOTSTRAP, "Stitchd-Tenant", "acme"))
        .as(StepVerifier::create)
        .assertNext(caller -> assertThat(caller.tenant()).isEqualTo(tokens.tenants.get("acme")))
        .verifyComplete();
    access
        .management(request("Authorization", "Bearer " + BOOTSTRAP, "Stitchd-Tenant", "nobody"))
        .as(StepVerifier::create)
        .verifyError(Problem.NotFound.class);
  }

  @Test
  void wrongTokenHearsNothingAboutTenants() {
    access
        .management(request("Authorization", "Bearer sat_wrong", "Stitchd-Tenant", "nobody"))
        .as(StepVerifier::create)
        .verifyError(Problem.Unauthenticated.class);
  }

  @Test
  void storedTokenIsNamedInTheAuditAndBelievedForAWhile() {
    tokens.holders.put(KeyHash.of("sat_stored"), CI);
    var request = request("Authorization", "Bearer sat_stored");
    for (int i = 0; i < 3; i++) {
      access
          .management(request)
          .as(StepVerifier::create)
          .assertNext(caller -> assertThat(caller.actor()).isEqualTo(CI))
          .verifyComplete();
    }
    assertThat(tokens.asked).isEqualTo(1);
    tokens.holders.clear();
    time.advanceTimeBy(Duration.ofSeconds(11));
    access.management(request).as(StepVerifier::create).verifyError(Problem.Unauthenticated.class);
  }

  @Test
  void tokenThatCannotBeCheckedIsUnavailableAndNotWrong() {
    tokens.outage = new IllegalStateException("connection refused");
    access
        .management(request("Authorization", "Bearer sat_stored"))
        .as(StepVerifier::create)
        .verifyError(Problem.Unavailable.class);
  }

  @Test
  void withoutABootstrapTokenItsTextIsJustAWrongToken() {
    access(null)
        .management(request("Authorization", "Bearer " + BOOTSTRAP))
        .as(StepVerifier::create)
        .verifyError(Problem.Unauthenticated.class);
  }

  @Test
  void guessedTokensDoNotOccupyTheStore() {
    tokens.gate = Sinks.empty();
    var access = access(null);
    for (int i = 0; i < 4; i++) {
      access
          .management(request("Authorization", "Bearer sat_guess" + i))
          .subscribe(_ -> {}, _ -> {});
    }
    access
        .management(request("Authorization", "Bearer sat_guess"))
        .as(StepVerifier::create)
        .verifyError(Problem.Unavailable.class);
    assertThat(tokens.gate.tryEmitEmpty().isSuccess()).isTrue();
    access
        .management(request("Authorization", "Bearer sat_guess"))
        .as(StepVerifier::create)
        .verifyError(Problem.Unauthenticated.class);
    assertThat(tokens.asked).isEqualTo(5);
    access
        .management(request("Authorization", "Bearer no-token-of-ours"))
        .as(StepVerifier::create)
        .verifyError(Problem.Unauthenticated.class);
    assertThat(tokens.asked).isEqualTo(5);
  }

  @Test
  void aBurstOfRequestsWithOneTokenCostsOneLookUp() {
    tokens.holders.put(KeyHash.of(SecretKeys.hash("sat_ci")), CI);
    tokens.gate = Sinks.empty();
    var access = access(null);
    var answered = new ArrayList<Actor>();
    for (int i = 0; i < 30; i++) {
      access
          .management(request("Authorization", "Bearer sat_ci"))
          .subscribe(caller -> answered.add(caller.actor()));
    }
    assertThat(tokens.gate.tryEmitEmpty().isSuccess()).isTrue();
    assertThat(answered).hasSize(30).containsOnly(CI);
    assertThat(tokens.asked).isEqualTo(1);
  }

  @Test
  void sdkKeyIsNoApiToken() {
    access
        .management(request("Authorization", "Bearer sdk_srv_one"))
        .as(StepVerifier::create)
        .verifyError(Problem.Unauthenticated.class);
  }

  static final class FakeTokenStore implements TokenStore {
    final Map<KeyHash, Actor> holders = new HashMap<>();
    final Map<String, TenantId> tenants =
        Map.of("default", new TenantId(UUID.randomUUID()), "acme", new TenantId(UUID.randomUUID()));
    int asked;
    Sinks.Empty<Void> gate;
    RuntimeException outage;

    @Override
    public Mono<Actor> holder(KeyHash hash) {
      return Mono.defer(() -> answer(hash));
    }

    private Mono<Actor> answer(KeyHash hash) {
      asked++;
      if (gate != null) {
        return gate.asMono().then(Mono.defer(() -> Mono.justOrEmpty(holders.get(hash))));
      }
      if (outage != null) {
        return Mono.error(outage);
      }
      return Mono.justOrEmpty(holders.get(hash));
    }

    @Override
    public Mono<Boolean> addFirst(String name, KeyHash hash) {
      return Mono.fromCallable(() ->
          holders.isEmpty() && holders.put(hash, Actor.token(UUID.randomUUID(), name)) == null);
    }

    @Override
    public Mono<TenantId> tenant(String key) {
      return Mono.justOrEmpty(tenants.get(key));
    }
  }
}
