package dev.stitchd.access;

import java.nio.charset.StandardCharsets;
import java.security.DrbgParameters;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import org.springframework.stereotype.Component;

/// Makes the secrets that Stitchd hands out, and the hashes it keeps of them. Safe from any thread,
/// event loops included: the generator takes its seed from the system once, when this is made, and
/// only computes from then on.
@Component
public final class SecretKeys {

  /// What every API token of ours begins with.
  static final String API_TOKEN = "sat_";

  /// What the cookie of every session begins with.
  static final String SESSION = "ses_";

  private static final char[] ALPHABET =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".toCharArray();

  /// Letters after the prefix; each is worth 5.95 bits, together 238.
  private static final int LENGTH = 40;

  /// A secret, shown once, and the hash to keep.
  public record NewSecret(String secret, byte[] hash) {

    @Override
    public String toString() {
      return "NewSecret[…]";
    }
  }

  private final SecureRandom chance;

  /// Seeds the generator; may wait for the system's entropy, so not for event loops.
  public SecretKeys() {
    try {
      chance =
          SecureRandom.getInstance(
              "DRBG",
              DrbgParameters.instantiation(256, DrbgParameters.Capability.RESEED_ONLY, null));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no DRBG", e);
    }
    chance.nextBytes(new byte[1]);
  }

  /// A new SDK key: `sdk_srv_…` or `sdk_cli_…`.
  public NewSecret newSdkKey(SdkCaller.Kind kind) {
    return secret(prefix(kind));
  }

  /// Bytes by chance.
  public byte[] bytes(int length) {
    var bytes = new byte[length];
    chance.nextBytes(bytes);
    return bytes;
  }

  /// A new API token: `sat_…`.
  public NewSecret newApiToken() {
    return secret(API_TOKEN);
  }

  /// The cookie of a new session: `ses_…`.
  public NewSecret newSession() {
    return secret(SESSION);
  }

  /// The token of a new link, which lets somebody in once.
  public NewSecret newLink() {
    return secret("");
  }

  /// The SHA-256 of a secret's UTF-8 bytes.
  public static byte[] hash(String secret) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }

  static String prefix(SdkCaller.Kind kind) {
    return switch (kind) {
      case SERVER -> "sdk_srv_";
      case CLIENT -> "sdk_cli_";
    };
  }

  private NewSecret secret(String prefix) {
    var text = new StringBuilder(prefix);
    for (int i = 0; i < LENGTH; i++) {
      text.append(ALPHABET[chance.nextInt(ALPHABET.length)]);
    }
    return new NewSecret(text.toString(), hash(text.toString()));
  }
}
