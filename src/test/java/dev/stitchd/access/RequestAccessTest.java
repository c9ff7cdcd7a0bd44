package dev.stitchd.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.access.TokenStore.TokenHolder;
import dev.stitchd.boundary.ClientAddress;
import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.Grant;
import dev.stitchd.permission.Grants;
import dev.stitchd.permission.Role;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
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

  private static final Instant NOW = Instant.parse("2026-11-29T08:00:00Z");

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
            new InstallationSettings(
                new InstallationSettings.Bootstrap(bootstrap),
                new InstallationSettings.Admin(null)),
            Clock.fixed(NOW, ZoneOffset.UTC),
            () -> time.now(TimeUnit.NANOSECONDS)),
        ClientAddress.trustingNobody());
  }

  private StepVerifier.FirstStep<ManagementCaller> management(String... headers) {
    return access.management(request(headers)).as(StepVerifier::create);
  }

  private static MockServerHttpRequest request(String... headers) {
    return from("192.0.2.1", headers);
  }

  private static MockServerHttpRequest from(String address, String... headers) {
    var request =
        MockServerHttpRequest.get("/").remoteAddress(new InetSocketAddress(address, 50_000));
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
            new ManagementCaller(
                tokens.tenants.get("default"),
                Actor.BOOTSTRAP_TOKEN,
                Grants.PLATFORM,
                null,
                null,
                null))
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
    tokens.holders.put(KeyHash.of("sat_stored"), TokenHolder.ofPlatform(CI));
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
  void whatIsNoTokenOfOursIsNotLookedUp() {
    management("Authorization", "Bearer no-token-of-ours")
        .verifyError(Problem.Unauthenticated.class);
    assertThat(tokens.asked).isZero();
  }

  @Test
  void whoeverGuessesKeepsNobodyElseFromTheStore() {
    tokens.holders.put(KeyHash.of("sat_right"), TokenHolder.ofPlatform(CI));
    management("Authorization", "Bearer sat_wrong").verifyError(Problem.Unauthenticated.class);
    tokens.gate = Sinks.empty();
    for (int i = 0; i < 12; i++) {
      access
          .management(request("Authorization", "Bearer sat_guess" + i))
          .subscribe(_ -> {}, _ -> {});
    }
    assertThat(tokens.asked).isEqualTo(5);
    var gate = tokens.gate;
    tokens.gate = null;
    access
        .management(from("192.0.2.7", "Authorization", "Bearer sat_right"))
        .as(StepVerifier::create)
        .assertNext(caller -> assertThat(caller.actor()).isEqualTo(CI))
        .verifyComplete();
    assertThat(gate.tryEmitEmpty().isSuccess()).isTrue();
  }

  @Test
  void aRightTokenWaitsItsTurnBesideGuessesFromItsOwnAddress() {
    tokens.holders.put(KeyHash.of("sat_right"), TokenHolder.ofPlatform(CI));
    tokens.gate = Sinks.empty();
    for (int i = 0; i < 12; i++) {
      access
          .management(request("Authorization", "Bearer sat_guess" + i))
          .subscribe(_ -> {}, _ -> {});
    }
    var answered = new ArrayList<Actor>();
    access
        .management(request("Authorization", "Bearer sat_right"))
        .subscribe(caller -> answered.add(caller.actor()));
    assertThat(answered).isEmpty();
    assertThat(tokens.gate.tryEmitEmpty().isSuccess()).isTrue();
    assertThat(answered).containsExactly(CI);
  }

  @Test
  void manyWrongTokensAreTooManyAndARightOneIsNot() {
    tokens.holders.put(KeyHash.of("sat_right"), TokenHolder.ofPlatform(CI));
    for (int i = 1; i < 600; i++) {
      management("Authorization", "Bearer sat_guess" + i)
          .verifyError(Problem.Unauthenticated.class);
    }
    management("Authorization", "Bearer sat_guess").verifyError(Problem.TooMany.class);
    management("Authorization", "Bearer no-token-of-ours").verifyError(Problem.TooMany.class);
    management("Authorization", "Bearer sat_right").expectNextCount(1).verifyComplete();
    access
        .management(from("192.0.2.7", "Authorization", "Bearer sat_guess"))
        .as(StepVerifier::create)
        .verifyError(Problem.Unauthenticated.class);
    time.advanceTimeBy(Duration.ofSeconds(61));
    management("Authorization", "Bearer sat_guess").verifyError(Problem.Unauthenticated.class);
  }

  @Test
  void aTenantsTokenActsThereAndNowhereElse() {
    var acme = new TokenHolder.Home(tokens.tenants.get("acme"), "acme");
    var grants = new Grants(List.of(new Grant(Role.EDITOR, "web", null)));
    var user = UUID.randomUUID();
    tokens.holders.put(KeyHash.of("sat_acme"), new TokenHolder(CI, acme, grants, user, null));
    for (var named : List.of("acme", "")) {
      management("Authorization", "Bearer sat_acme", "Stitchd-Tenant", named)
          .expectNext(new ManagementCaller(acme.id(), CI, grants, user, null, null))
          .verifyComplete();
    }
    for (var other : List.of("default", "nobody")) {
      management("Authorization", "Bearer sat_acme", "Stitchd-Tenant", other)
          .verifyError(Problem.NotFound.class);
    }
  }

  @Test
  void aTokenEndsWithItsTimeAlsoWhenItIsRemembered() {
    var acme = new TokenHolder.Home(tokens.tenants.get("acme"), "acme");
    tokens.holders.put(KeyHash.of("sat_old"), new TokenHolder(CI, acme, Grants.NONE, null, NOW));
    tokens.holders.put(
        KeyHash.of("sat_new"), new TokenHolder(CI, acme, Grants.NONE, null, NOW.plusMillis(1)));
    management("Authorization", "Bearer sat_old").verifyError(Problem.Unauthenticated.class);
    management("Authorization", "Bearer sat_new").expectNextCount(1).verifyComplete();
  }

  @Test
  void aBurstOfRequestsWithOneTokenCostsOneLookUp() {
    tokens.holders.put(KeyHash.of(SecretKeys.hash("sat_ci")), TokenHolder.ofPlatform(CI));
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
    final Map<KeyHash, TokenHolder> holders = new HashMap<>();
    final Map<String, TenantId> tenants =
        Map.of("default", new TenantId(UUID.randomUUID()), "acme", new TenantId(UUID.randomUUID()));
    int asked;
    Sinks.Empty<Void> gate;
    RuntimeException outage;

    @Override
    public Mono<TokenHolder> session(KeyHash hash) {
      return holder(hash);
    }

    @Override
    public Mono<TokenHolder> holder(KeyHash hash) {
      return Mono.defer(() -> answer(hash));
    }

    private Mono<TokenHolder> answer(KeyHash hash) {
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
          holders.isEmpty()
              && holders.put(hash, TokenHolder.ofPlatform(Actor.token(UUID.randomUUID(), name)))
                  == null);
    }

    @Override
    public Mono<TenantId> tenant(String key) {
      return Mono.justOrEmpty(tenants.get(key));
    }
  }
}
