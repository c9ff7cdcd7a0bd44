package dev.stitchd.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

class SecretKeysTest {

  private final SecretKeys secrets = new SecretKeys();

  @Test
  void keysNameTheirKindAndDoNotRepeat() {
    var seen = new HashSet<String>();
    for (int i = 0; i < 1_000; i++) {
      var server = secrets.newSdkKey(SdkCaller.Kind.SERVER);
      assertThat(server.secret()).matches("sdk_srv_[0-9A-Za-z]{40}");
      assertThat(server.hash()).isEqualTo(SecretKeys.hash(server.secret())).hasSize(32);
      assertThat(seen.add(server.secret())).isTrue();
    }
    assertThat(secrets.newSdkKey(SdkCaller.Kind.CLIENT).secret()).startsWith("sdk_cli_");
    assertThat(secrets.newApiToken().secret()).matches("sat_[0-9A-Za-z]{40}");
  }

  @Test
  void secretsAreNotPrinted() {
    var secret = secrets.newApiToken();
    assertThat(secret.toString()).doesNotContain(secret.secret());
    assertThat(KeyHash.of(secret.hash()).toString()).isEqualTo("KeyHash[…]");
    assertThat(KeyHash.of(secret.hash()).bytes()).isEqualTo(secret.hash());
  }

  /// BlockHound fails this if the generator goes back to the system for entropy.
  @Test
  void eventLoopsCanMakeKeys() {
    Flux.range(0, 10_000)
        .publishOn(Schedulers.parallel())
        .map(_ -> secrets.newSdkKey(SdkCaller.Kind.SERVER))
        .as(StepVerifier::create)
        .expectNextCount(10_000)
        .verifyComplete();
  }
}
