package dev.stitchd.propagation;

import dev.stitchd.kernel.Json;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// Summaries as nodes write them for each other. Unknown fields are ignored when read, so that
/// nodes of two versions understand each other. Times are PostgreSQL's, in milliseconds.
final class SummaryJson {

  /// How many streams of a node are at a revision.
  record Place(long revision, int streams) {}

  /// The streams that a node sent a revision while it was new.
  ///
  /// @param first when the first of them was sent it
  /// @param max how much later the last was
  /// @param counts bucket and count of how much later each was
  record Sends(long revision, long first, long max, List<int[]> counts) {}

  /// One node's summary.
  record Summary(List<Place> places, List<Sends> sends, boolean full) {}

  private SummaryJson() {}

  static String of(EnvironmentProgress progress, long offset) {
    var json = Json.object();
    var places = json.putArray("places");
    progress.places().forEach((revision, count) -> places.addArray().add(revision).add(count));
    var sends = json.putArray("waves");
    progress
        .sends()
        .forEach((revision, sent) -> {
          var one = sends.addObject().put("revision", revision);
          one.put("first", sent.first() + offset).put("max", sent.delays().max());
          var counts = one.putArray("counts");
          sent.delays().counts().forEach((i, count) -> counts.addArray().add(i).add(count));
        });
    return Json.write(json.put("full", progress.isFull()));
  }

  static String of(List<Instance.Receipt> receipts, long offset) {
    var json = Json.array();
    receipts.forEach(r -> json.addArray().add(r.revision()).add(r.at() + offset));
    return Json.write(json);
  }

  static Summary read(JsonNode json) {
    var places = new ArrayList<Place>();
    for (var place : json.path("places")) {
      places.add(new Place(place.path(0).asLong(0), place.path(1).asInt(0)));
    }
    var sends = new ArrayList<Sends>();
    for (var sent : json.path("waves")) {
      sends.add(sends(sent));
    }
    return new Summary(places, sends, json.path("full").asBoolean(false));
  }

  static List<Instance.Receipt> readReceipts(JsonNode json) {
    var receipts = new ArrayList<Instance.Receipt>();
    for (var receipt : json) {
      receipts.add(new Instance.Receipt(receipt.path(0).asLong(0), receipt.path(1).asLong(0)));
    }
    return receipts;
  }

  private static Sends sends(JsonNode json) {
    var counts = new ArrayList<int[]>();
    for (var count : json.path("counts")) {
      counts.add(new int[] {count.path(0).asInt(0), count.path(1).asInt(0)});
    }
    return new Sends(
        json.path("revision").asLong(0),
        json.path("first").asLong(0),
        json.path("max").asLong(0),
        counts);
  }
}
