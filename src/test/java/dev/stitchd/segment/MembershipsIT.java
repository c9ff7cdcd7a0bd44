package dev.stitchd.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.segment.upkeep.LookUpCount;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MembershipsIT implements MembershipsContract {

  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(3);

  private Server server;
  private Memberships memberships;
  private EnvironmentId environment;
  private EnvironmentId other;

  @BeforeAll
  void start() {
    server =
        Server.start(
            Map.of(
                "STITCHD_MEMBERSHIP_ANSWER_WITHIN", ANSWER_WITHIN.toString(),
                "STITCHD_MEMBERSHIP_QUERIES", "20",
                "STITCHD_MEMBERSHIP_LISTINGS", "5"));
    memberships = server.bean(Memberships.class);
    var admin = server.admin();
    admin.createProject("web");
    environment = environment("production", "vip", "beta");
    other = environment("staging", "vip");
  }

  private EnvironmentId environment(String key, String... segments) {
    var id = server.admin().createEnvironment("web", key).get("id").stringValue();
    for (var segment : segments) {
      var _ =
          server
              .admin()
              .createSegment("web", key, "{\"key\":\"%1$s\",\"name\":\"%1$s\"}".formatted(segment));
    }
    return new EnvironmentId(UUID.fromString(id));
  }

  @BeforeEach
  void nobodyIsOnAnyList() {
    sql("DELETE FROM segment_list_members");
  }

  @AfterAll
  void stop() {
    server.stop();
  }

  @Override
  public Memberships memberships() {
    return memberships;
  }

  @Override
  public EnvironmentId environment() {
    return environment;
  }

  @Override
  public EnvironmentId otherEnvironment() {
    return other;
  }

  @Override
  public void add(EnvironmentId of, String segment, String key, boolean included) {
    sql(
        """
        INSERT INTO segment_list_members (tenant_id, generation, included, context_key)
        SELECT tenant_id, generation, %s, '%s' FROM segment_lists WHERE environment_id = '%s' AND segment_key = '%s'\
        """
            .formatted(included, key.replace("'", "''"), of.value(), segment));
  }

  @Test
  void moreThanOneAnswerMayHoldIsRefusedAndTheConnectionIsUsedAgain() {
    IntStream.range(0, 40).forEach(i -> add(environment, "vip", "k" + i, true));
    var keys = IntStream.range(0, 40).mapToObj(i -> "k" + i).collect(Collectors.toSet());
    for (int i = 0; i < 20; i++) {
      memberships
          .listings(environment, Set.of("vip"), keys)
          .as(StepVerifier::create)
          .expectError(Problem.TooLarge.class)
          .verify(SOON);
    }
    answersAgain();
  }

  /// A lock on the table makes PostgreSQL keep every question waiting; so does a store that hangs.
  @Test
  void aStoreThatHangsIsGivenUpInTimeByAllAndServesAgainWhenItCan() throws Exception {
    add(environment, "vip", "a", true);
    try (var lock = StoreUrl.of(server.postgres()).open()) {
      lock.setAutoCommit(false);
      try (var statement = lock.createStatement()) {
        statement.execute("LOCK TABLE segment_list_members IN ACCESS EXCLUSIVE MODE");
      }
      var start = System.nanoTime();
      var failures =
          Flux.range(0, 100)
              .flatMap(
                  _ ->
                      memberships
                          .listings(environment, Set.of("vip"), Set.of("a"))
                          .map(_ -> "answered")
                          .onErrorResume(Problem.Unavailable.class, _ -> Mono.just("unavailable")),
                  100)
              .collectList()
              .block(SOON);
      var took = Duration.ofNanos(System.nanoTime() - start);
      assertThat(failures).hasSize(100).containsOnly("unavailable");
      assertThat(took).isBetween(ANSWER_WITHIN.minusMillis(50), Patience.within(ANSWER_WITHIN));
      assertThat(count("late")).isEqualTo(20);
      assertThat(count("refused")).isEqualTo(80);
      lock.rollback();
    }
    answersAgain();
    await().atMost(SOON).until(() -> meters().get("stitchd.membership.open").gauge().value() == 0);
  }

  /// What imports give way to; PostgreSQL tells it for all nodes, a little late.
  @Test
  void lookUpsOfKeysAreCounted() {
    add(environment, "vip", "a", true);
    long before = LookUpCount.of(server).blockOptional(SOON).orElseThrow();
    await()
        .atMost(SOON)
        .until(() -> {
          var _ = memberships.listings(environment, Set.of("vip"), Set.of("a")).block(SOON);
          return LookUpCount.of(server).blockOptional(SOON).orElseThrow() > before;
        });
  }

  private void answersAgain() {
    await()
        .atMost(SOON)
        .untilAsserted(() ->
            assertThat(
                    memberships.listings(environment, Set.of("vip"), Set.of("nobody")).block(SOON))
                .isEmpty());
  }

  private long count(String outcome) {
    return meters().get("stitchd.membership.queries").tag("outcome", outcome).timer().count();
  }

  private MeterRegistry meters() {
    return server.bean(MeterRegistry.class);
  }

  private void sql(String sql) {
    var _ = StoreUrl.of(server.postgres()).query(sql);
  }
}
