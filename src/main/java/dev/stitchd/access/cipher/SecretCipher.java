package dev.stitchd.access.cipher;

import dev.stitchd.access.SecretKeys;
import dev.stitchd.access.signing.Signer;
import dev.stitchd.access.signing.SigningSecret;
import dev.stitchd.kernel.Problem;
import java.time.Duration;
import java.util.Base64;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.security.crypto.encrypt.AesBytesEncryptor;
import org.springframework.security.crypto.encrypt.AesBytesEncryptor.CipherAlgorithm;
import org.springframework.security.crypto.keygen.BytesKeyGenerator;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Encrypts with the installation's secret: AES-256-GCM, with a key of its own for each purpose, so
/// that a text in another's place cannot be read. Fails with [Problem.Unavailable] while the secret
/// is not known.
@Component
public final class SecretCipher {

  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  private final SigningSecret secret;
  private final SecretKeys chance;
  private final BytesKeyGenerator iv;

  SecretCipher(SigningSecret secret, SecretKeys chance) {
    this.secret = secret;
    this.chance = chance;
    this.iv = new Iv(chance);
  }

  /// Bytes by chance, to be kept secret.
  public byte[] newSecret(int length) {
    return chance.bytes(length);
  }

  /// Text that only [#decrypt] for the same purpose reads; another one each time.
  public Mono<String> encrypt(String purpose, byte[] plain) {
    return encryptor(purpose)
        .map(encryptor -> Base64.getEncoder().encodeToString(encryptor.encrypt(plain)));
  }

  /// What was encrypted; empty if that was for another purpose or with another secret.
  public Mono<byte[]> decrypt(String purpose, String text) {
    return encryptor(purpose)
        .flatMap(encryptor -> {
          try {
            var bytes = Base64.getDecoder().decode(text);
            return bytes.length < Iv.LENGTH ? Mono.empty() : Mono.just(encryptor.decrypt(bytes));
          } catch (IllegalStateException | IllegalArgumentException _) {
            return Mono.empty(); // it was changed, or is not ours
          }
        });
  }

  private Mono<AesBytesEncryptor> encryptor(String purpose) {
    return secret
        .bytes(PATIENCE)
        .switchIfEmpty(
            Mono.error(() ->
                new Problem.Unavailable(
                    "the installation's secret cannot be read right now", RETRY_AFTER)))
        .map(bytes ->
            new AesBytesEncryptor(
                new SecretKeySpec(Signer.key(bytes, purpose), "AES"), iv, CipherAlgorithm.GCM));
  }

  /// Never waits for the system's entropy, as the library's own may.
  private record Iv(SecretKeys chance) implements BytesKeyGenerator {

    private static final int LENGTH = 16;

    @Override
    public int getKeyLength() {
      return LENGTH;
    }

    @Override
    public byte[] generateKey() {
      return chance.bytes(LENGTH);
    }
  }
}
