package dev.stitchd.access;

import dev.stitchd.access.signing.Signer;
import dev.stitchd.access.signing.SigningSecret;
import dev.stitchd.kernel.Problem;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.UUID;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Tokens that no node has to remember: the key's id (16 bytes), the end of the token in epoch
/// seconds (8 bytes) and an HMAC-SHA256 of both (32 bytes), in base64url.
@Component
final class SignedStreamTokens implements StreamTokens {

  private static final long HOUR = Duration.ofHours(1).toSeconds();
  private static final int CONTENT = 2 * Long.BYTES + Long.BYTES;
  private static final int LENGTH = CONTENT + Signer.LENGTH;

  private final SigningSecret secret;
  private final SdkKeys keys;
  private final Clock clock;
  private final Duration lookupTimeout;
  private final Duration retryAfter;

  SignedStreamTokens(SigningSecret secret, SdkKeys keys, Clock clock, AccessSettings settings) {
    this.secret = secret;
    this.keys = keys;
    this.clock = clock;
    this.lookupTimeout = settings.lookupTimeout();
    this.retryAfter = settings.retryAfter();
  }

  @Override
  public Mono<String> issue(SdkCaller caller) {
    return secret.bytes(lookupTimeout).map(bytes -> token(bytes, caller.keyId(), endOfNextHour()));
  }

  @Override
  public Mono<SdkCaller> holder(String token) {
    return secret
        .bytes(lookupTimeout)
        .switchIfEmpty(Mono.error(this::unavailable))
        .map(bytes -> keyId(bytes, token))
        .flatMap(keys::holder);
  }

  private static String token(byte[] secret, UUID key, long end) {
    var content =
        ByteBuffer.allocate(CONTENT)
            .putLong(key.getMostSignificantBits())
            .putLong(key.getLeastSignificantBits())
            .putLong(end)
            .array();
    var token = ByteBuffer.allocate(LENGTH).put(content).put(Signer.sign(secret, content)).array();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(token);
  }

  private UUID keyId(byte[] secret, String token) {
    var bytes = decoded(token);
    var content = ByteBuffer.allocate(CONTENT).put(bytes, 0, CONTENT).flip();
    var signature = new byte[Signer.LENGTH];
    System.arraycopy(bytes, CONTENT, signature, 0, Signer.LENGTH);
    if (!MessageDigest.isEqual(signature, Signer.sign(secret, content.array()))) {
      throw refused();
    }
    var key = new UUID(content.getLong(), content.getLong());
    if (content.getLong() <= clock.instant().getEpochSecond()) {
      throw refused();
    }
    return key;
  }

  private static byte[] decoded(String token) {
    try {
      var bytes =
          token.length() > Credentials.LONGEST ? new byte[0] : Base64.getUrlDecoder().decode(token);
      if (bytes.length == LENGTH) {
        return bytes;
      }
    } catch (IllegalArgumentException _) {
      // told below, as every wrong token is
    }
    throw refused();
  }

  private long endOfNextHour() {
    return (clock.instant().getEpochSecond() / HOUR + 2) * HOUR;
  }

  private static Problem refused() {
    return new Problem.Unauthenticated(
        "the stream's token is wrong or has expired: evaluate all flags to get a new one");
  }

  private Problem unavailable() {
    return new Problem.Unavailable("stream tokens cannot be checked right now", retryAfter);
  }
}
