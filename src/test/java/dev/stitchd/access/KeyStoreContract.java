package dev.stitchd.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.EnvironmentId;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

/// What every [KeyStore] does.
interface KeyStoreContract {

  KeyStore store();

  EnvironmentId newEnvironment();

  /// A new key of an environment; raises its access version.
  SdkCaller newKey(EnvironmentId environment, String key, SdkCaller.Kind kind);

  /// Raises the access version.
  void revoke(SdkCaller caller);

  void delete(EnvironmentId environment);

  @Test
  default void validKeyIsFoundWithItsCaller() {
    for (var kind : SdkCaller.Kind.values()) {
      var key = "sdk_" + UUID.randomUUID();
      var caller = newKey(newEnvironment(), key, kind);
      store()
          .find(KeyHash.of(key))
          .as(StepVerifier::create)
          .assertNext(stored -> {
            assertThat(stored.caller()).isEqualTo(caller);
            assertThat(stored.accessVersion()).isPositive();
          })
          .verifyComplete();
    }
  }

  @Test
  default void validKeyIsFoundByItsIdAsByItsHash() {
    var caller = newKey(newEnvironment(), "sdk_cli_by_id", SdkCaller.Kind.CLIENT);
    var byHash = store().find(KeyHash.of("sdk_cli_by_id")).block();
    assertThat(byHash.hash()).isEqualTo(KeyHash.of("sdk_cli_by_id"));
    assertThat(store().find(caller.keyId()).block()).isEqualTo(byHash);
  }

  @Test
  default void unknownAndRevokedKeysAreNotFound() {
    var caller = newKey(newEnvironment(), "sdk_srv_revoked", SdkCaller.Kind.SERVER);
    revoke(caller);
    store().find(caller.keyId()).as(StepVerifier::create).verifyComplete();
    store().find(UUID.randomUUID()).as(StepVerifier::create).verifyComplete();
    store().find(KeyHash.of("sdk_srv_revoked")).as(StepVerifier::create).verifyComplete();
    store().find(KeyHash.of("sdk_srv_never_was")).as(StepVerifier::create).verifyComplete();
  }

  @Test
  default void validKeysOfSeveralEnvironmentsAreListedWithAccessVersions() {
    var first = newEnvironment();
    var kept = newKey(first, "sdk_srv_kept", SdkCaller.Kind.SERVER);
    var gone = newKey(first, "sdk_srv_gone", SdkCaller.Kind.SERVER);
    var empty = newEnvironment();
    var deleted = newEnvironment();
    delete(deleted);
    var before = store().valid(List.of(first)).block().get(first).accessVersion();
    revoke(gone);
    store()
        .valid(List.of(first, empty, deleted))
        .as(StepVerifier::create)
        .assertNext(valid -> {
          assertThat(valid).containsOnlyKeys(first, empty);
          assertThat(valid.get(first).keys()).containsExactly(kept.keyId());
          assertThat(valid.get(first).accessVersion()).isGreaterThan(before);
          assertThat(valid.get(empty).keys()).isEqualTo(Set.of());
        })
        .verifyComplete();
  }

  @Test
  default void keyOfADeletedEnvironmentIsNotFound() {
    var environment = newEnvironment();
    var _ = newKey(environment, "sdk_srv_orphan", SdkCaller.Kind.SERVER);
    delete(environment);
    store().find(KeyHash.of("sdk_srv_orphan")).as(StepVerifier::create).verifyComplete();
  }
}
