package dev.stitchd.kernel;

import java.time.Instant;
import java.util.UUID;
import java.util.random.RandomGenerator;

/// UUIDs that begin with their time (RFC 9562, version 7), so that those made together lie
/// together.
public final class UuidV7 {

  private UuidV7() {}

  /// A new one: 48 bits of milliseconds, 74 bits of chance.
  public static UUID at(Instant time, RandomGenerator chance) {
    long high = (time.toEpochMilli() << 16) | 0x7000 | (chance.nextLong() & 0x0fff);
    long low = 0x8000_0000_0000_0000L | (chance.nextLong() >>> 2);
    return new UUID(high, low);
  }
}
