package dev.stitchd.people;

import com.eatthepath.otp.TimeBasedOneTimePasswordGenerator;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Locale;
import java.util.OptionalLong;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.util.encoders.Base32;

/// Codes of RFC 6238 as authenticator apps make them: six digits, SHA-1, steps of 30 seconds, of
/// which the one before and the one after the present are taken too. Pure.
final class Totp {

  /// Bytes of a secret, as RFC 4226 recommends.
  static final int SECRET = 20;

  private static final int STEPS_ASIDE = 1;
  private static final String ISSUER = "Stitchd";

  private static final TimeBasedOneTimePasswordGenerator GENERATOR =
      new TimeBasedOneTimePasswordGenerator();
  private static final long STEP = GENERATOR.getTimeStep().toSeconds();

  private Totp() {}

  /// As people type it into their app.
  static String text(byte[] secret) {
    return Base32.toBase32String(secret);
  }

  /// As their app reads it from a picture.
  static String uri(byte[] secret, String account) {
    return "otpauth://totp/%s:%s?secret=%s&issuer=%s"
        .formatted(
            ISSUER,
            URLEncoder.encode(account, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("%40", "@"),
            text(secret),
            ISSUER);
  }

  /// The step of a code; empty if it is none of now. Takes as long whatever the code is.
  static OptionalLong step(byte[] secret, String code, Instant now) {
    var given = code.getBytes(StandardCharsets.UTF_8);
    var present = Math.floorDiv(now.getEpochSecond(), STEP);
    var found = OptionalLong.empty();
    for (var step = present - STEPS_ASIDE; step <= present + STEPS_ASIDE; step++) {
      var right = code(secret, step).getBytes(StandardCharsets.UTF_8);
      if (MessageDigest.isEqual(given, right)) {
        found = OptionalLong.of(step);
      }
    }
    return found;
  }

  private static String code(byte[] secret, long step) {
    try {
      return GENERATOR.generateOneTimePasswordString(
          new SecretKeySpec(secret, GENERATOR.getAlgorithm()),
          Instant.ofEpochSecond(step * STEP),
          Locale.ROOT);
    } catch (InvalidKeyException e) {
      throw new IllegalStateException("a key of bytes is one of HMAC's", e);
    }
  }
}
