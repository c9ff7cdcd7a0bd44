package dev.stitchd.membership;

import dev.stitchd.kernel.Json;
import dev.stitchd.segment.Memberships;
import dev.stitchd.segment.Memberships.Listing;
import dev.stitchd.snapshot.Snapshot;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import reactor.core.publisher.Mono;
import tools.jackson.core.JsonGenerator;

/// The answer's body, written straight to bytes. A key that is on both lists of a segment is
/// excluded from it; exclusions are told apart, since an SDK must not ask an excluded key's
/// condition.
final class MembershipAnswer {

  private static final int PER_KEY = 48;

  private MembershipAnswer() {}

  /// Asks who is on the lists; fails as they do.
  static Mono<byte[]> to(Question question, Snapshot snapshot, Memberships memberships) {
    return memberships
        .listings(snapshot.environment(), question.segments(), question.keys())
        .map(listings -> of(snapshot.revision(), question.keys(), listings));
  }

  private static byte[] of(long revision, SequencedSet<String> keys, List<Listing> listings) {
    var excluded = byKey(listings, false);
    var included = byKey(listings, true);
    excluded.forEach((key, segments) -> {
      var of = included.get(key);
      if (of != null) {
        of.removeAll(segments);
      }
    });
    var bytes = new ByteArrayOutputStream(PER_KEY * (1 + keys.size()));
    try (var json = Json.generator(bytes)) {
      json.writeStartObject();
      json.writeNumberProperty("revision", revision);
      json.writeObjectPropertyStart("memberships");
      keys.forEach(key -> write(json, key, included.getOrDefault(key, List.of())));
      json.writeEndObject();
      json.writeObjectPropertyStart("exclusions");
      keys.forEach(key -> {
        var of = excluded.get(key);
        if (of != null) {
          write(json, key, of);
        }
      });
      json.writeEndObject();
      json.writeEndObject();
    }
    return bytes.toByteArray();
  }

  private static Map<String, List<String>> byKey(List<Listing> listings, boolean included) {
    var byKey = new HashMap<String, List<String>>();
    for (var listing : listings) {
      if (listing.included() == included) {
        byKey.computeIfAbsent(listing.key(), _ -> new ArrayList<>()).add(listing.segment());
      }
    }
    byKey.values().forEach(segments -> segments.sort(null));
    return byKey;
  }

  private static void write(JsonGenerator json, String key, List<String> segments) {
    json.writeArrayPropertyStart(key);
    segments.forEach(json::writeString);
    json.writeEndArray();
  }
}
