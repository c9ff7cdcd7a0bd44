package dev.stitchd.load;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/// Bodies of `POST /sdk/v1/events`: a few arrays of evaluation events are written once, and each
/// use of one gets fresh ids in place. Ids are version 7 UUIDs: the time of creation, a random part
/// of this instance, a counter.
final class EventBatches {

  static final String FLAG = "checkout";

  private static final int TEMPLATES = 4;
  private static final int COUNTER_DIGITS = 12;
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
  private static final SecureRandom RANDOM = new SecureRandom();

  private final byte[][] templates = new byte[TEMPLATES][];
  private final int[] counters;
  private long counter;
  private int next;

  /// @param size events in an array
  /// @param seed which users the events name
  EventBatches(int size, int seed) {
    this.counters = new int[size];
    var now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    var id = idPrefix(now);
    for (var t = 0; t < TEMPLATES; t++) {
      templates[t] = template(size, seed * TEMPLATES + t, now, id);
    }
  }

  /// Bytes of every body.
  int length() {
    return templates[0].length;
  }

  /// The next body; valid until TEMPLATES more were asked for.
  byte[] next() {
    var body = next(counter);
    counter += counters.length;
    return body;
  }

  /// The same with numbers in the last twelve digits of the ids that count on from a first one.
  byte[] next(long first) {
    var body = templates[next++ % TEMPLATES];
    var number = first;
    for (var at : counters) {
      var value = number++;
      for (var digit = COUNTER_DIGITS - 1; digit >= 0; digit--) {
        body[at + digit] = HEX[(int) (value & 15)];
        value >>>= 4;
      }
    }
    return body;
  }

  private byte[] template(int size, int seed, Instant at, String id) {
    var text = new StringBuilder(size * 240).append('[');
    for (var i = 0; i < size; i++) {
      text.append(i == 0 ? "" : ",").append("{\"type\":\"evaluation\",\"id\":\"").append(id);
      counters[i] = text.length(); // ASCII only: characters are bytes; the same in every template
      // fixed widths, so that every body has the same length
      text.append("000000000000\",\"at\":\"").append(withMillis(at));
      text.append("\",\"flag\":\"").append(FLAG);
      text.append("\",\"variant\":\"").append(i % 10 == 0 ? "on\" " : "off\"");
      text.append(
          ",\"ruleId\":\"germany\",\"reason\":\"SPLIT\",\"context\":{\"targetingKey\":\"user-");
      text.append("%07d".formatted(Math.floorMod(seed * 7919 + i * 31, 1_000_000)));
      text.append("\",\"country\":\"DE\",\"plan\":\"pro\"}}");
    }
    return text.append(']').toString().getBytes(StandardCharsets.US_ASCII);
  }

  private static String withMillis(Instant at) {
    var text = at.toString();
    return text.length() == 24 ? text : text.replace("Z", ".000Z");
  }

  private static String idPrefix(Instant now) {
    var time = "%012x".formatted(now.toEpochMilli());
    return "%s-%s-7%03x-%04x-"
        .formatted(
            time.substring(0, 8),
            time.substring(8),
            RANDOM.nextInt(0x1000),
            0x8000 | RANDOM.nextInt(0x4000));
  }
}
