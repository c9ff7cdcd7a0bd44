package dev.stitchd.access.cipher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.access.SecretKeys;
import dev.stitchd.access.signing.SecretSettings;
import dev.stitchd.access.signing.SigningSecret;
import dev.stitchd.kernel.Problem;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

class SecretCipherTest {

  private static final String SECRET = "0123456789abcdef0123456789abcdef";
  private static final byte[] PLAIN = {1, 2, 3, 4, 5};

  private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
  private final SecretCipher cipher = node(SECRET);

  /// @param given its `STITCHD_SECRET`; null for one that PostgreSQL keeps and does not tell
  private SecretCipher node(String given) {
    return new SecretCipher(
        new SigningSecret(Mono::never, new SecretSettings(given), time), new SecretKeys());
  }

  @Test
  void everyNodeReadsWhatWasEncryptedAndItLooksDifferentEachTime() {
    var text = cipher.encrypt("a", PLAIN).block();
    assertThat(cipher.encrypt("a", PLAIN).block()).isNotEqualTo(text);
    assertThat(node(SECRET).decrypt("a", text).block()).isEqualTo(PLAIN);
  }

  @Test
  void nothingIsReadForAnotherPurposeOrWithAnotherSecretOrOnceItWasChanged() {
    var text = cipher.encrypt("a", PLAIN).block();
    var changed = Base64.getDecoder().decode(text);
    changed[changed.length - 1] ^= 1;
    assertThat(cipher.decrypt("b", text).blockOptional()).isEmpty();
    assertThat(node(SECRET + "x").decrypt("a", text).blockOptional()).isEmpty();
    assertThat(cipher.decrypt("a", Base64.getEncoder().encodeToString(changed)).blockOptional())
        .isEmpty();
    for (var strange : new String[] {"", "AAAA", "no Base64", "AAAAAAAAAAAAAAAAAAAAAA=="}) {
      assertThat(cipher.decrypt("a", strange).blockOptional()).as(strange).isEmpty();
    }
  }

  @Test
  void whileTheSecretIsNotKnownItIsUnavailable() {
    StepVerifier.withVirtualTime(() -> node(null).encrypt("a", PLAIN), () -> time, Long.MAX_VALUE)
        .thenAwait(Duration.ofSeconds(2))
        .verifyError(Problem.Unavailable.class);
  }
}
