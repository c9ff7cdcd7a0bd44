package dev.stitchd.warehouse.rollup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.stitchd.dev.StoreUrl;
import dev.stitchd.dev.Stores;
import dev.stitchd.warehouse.Interval;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Where intervals begin, told by ClickHouse, against the plainest way with `java.time`.
class IntervalIT {

  private static final List<Duration> LENGTHS =
      List.of(
          Duration.ofMinutes(15),
          Duration.ofHours(1),
          Duration.ofHours(6),
          Duration.ofDays(1),
          Duration.ofDays(7));

  /// The start of a time's interval.
  static Instant start(Instant at, Interval interval) {
    var zone = interval.zone();
    long length = interval.length().toMillis();
    if (zone == null) {
      return Instant.ofEpochMilli(Math.floorDiv(at.toEpochMilli(), length) * length);
    }
    var day = LocalDate.ofInstant(at, zone);
    long days = interval.length().toDays();
    if (days > 0) {
      return LocalDate.ofEpochDay(day.toEpochDay() / days * days).atStartOfDay(zone).toInstant();
    }
    var midnight = day.atStartOfDay(zone).toInstant().toEpochMilli();
    return Instant.ofEpochMilli(midnight + (at.toEpochMilli() - midnight) / length * length);
  }

  @Test
  void daysAreThoseOfEveryZoneThatBothKnow() {
    var store = StoreUrl.of(Stores.shared().freshClickHouse().url());
    var known = new TreeSet<>(store.query("SELECT time_zone FROM system.time_zones"));
    var random = new Random(5);
    var rules = new HashSet<ZoneRules>();
    var different = new ArrayList<String>();
    for (var name : known) {
      var zone = zone(name);
      if (zone != null && rules.add(zone.getRules())) {
        different.addAll(differences(store, zone, times(zone, random)));
      }
    }
    assertThat(different).isEmpty();
    assertThat(known).contains("Europe/Berlin", "Asia/Kathmandu", "America/Santiago");
  }

  private static @Nullable ZoneId zone(String name) {
    try {
      return Interval.zone(name);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static List<String> differences(StoreUrl store, ZoneId zone, List<Instant> times) {
    var different = new ArrayList<String>();
    var intervals = LENGTHS.stream().map(length -> new Interval(length, zone)).toList();
    var told =
        store.query(
            "SELECT %s FROM (SELECT fromUnixTimestamp64Milli(arrayJoin([%s])) AS at)"
                .formatted(
                    intervals.stream()
                        .map(interval -> interval.start("at", "toUnixTimestamp64Milli(at)"))
                        .collect(Collectors.joining(", ")),
                    times.stream()
                        .map(at -> Long.toString(at.toEpochMilli()))
                        .collect(Collectors.joining(","))));
    assertThat(told).hasSameSizeAs(times);
    for (int i = 0; i < times.size(); i++) {
      var at = times.get(i);
      var expected =
          intervals.stream()
              .map(interval -> Long.toString(start(at, interval).toEpochMilli()))
              .collect(Collectors.joining("\t"));
      if (!told.get(i).equals(expected)) {
        different.add("%s at %s: %s, not %s".formatted(zone, at, told.get(i), expected));
      }
    }
    return different;
  }

  /// Random ones, and those around changes of the clock.
  private static List<Instant> times(ZoneId zone, Random random) {
    var from = Instant.parse("2020-01-01T00:00:00Z");
    var times = new ArrayList<Instant>();
    for (int i = 0; i < 20; i++) {
      times.add(from.plusMillis(random.nextLong(Duration.ofDays(3_000).toMillis())));
    }
    var change = zone.getRules().nextTransition(from);
    for (int i = 0; i < 4 && change != null; i++) {
      for (var away : List.of(-90, -30, -1, 0, 1, 30, 90)) {
        times.add(change.getInstant().plus(Duration.ofMinutes(away)));
      }
      change = zone.getRules().nextTransition(change.getInstant());
    }
    return times;
  }

  @Test
  void daysOfTheClockChangesHave23And25Hours() {
    var days = new Interval(Duration.ofDays(1), ZoneId.of("Europe/Berlin"));
    assertThat(start(Instant.parse("2026-03-29T21:59:00Z"), days))
        .isEqualTo("2026-03-28T23:00:00Z");
    assertThat(start(Instant.parse("2026-03-29T22:00:00Z"), days))
        .isEqualTo("2026-03-29T22:00:00Z");
    assertThat(start(Instant.parse("2026-10-25T22:59:00Z"), days))
        .isEqualTo("2026-10-24T22:00:00Z");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Europe/Nowhere", "+02:00", "CET'", "utc", "", "Z"})
  void whatIsNoZoneIsRefused(String name) {
    assertThatIllegalArgumentException().isThrownBy(() -> Interval.zone(name));
  }
}
