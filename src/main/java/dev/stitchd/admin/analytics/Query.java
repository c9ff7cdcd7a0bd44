package dev.stitchd.admin.analytics;

import dev.stitchd.boundary.Page;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.warehouse.Interval;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.ServerRequest;

/// The query parameters of one request, read one by one and complained about all at once. Confined
/// to one thread.
public final class Query {

  /// Nothing was recorded before, and ClickHouse counts no further.
  private static final Instant EARLIEST = Instant.parse("1970-01-01T00:00:00Z");

  private static final Instant LATEST = Instant.parse("2100-01-01T00:00:00Z");
  private static final int DATE = "2026-08-21".length();
  private static final Duration SHORTEST_INTERVAL = Duration.ofSeconds(1);
  private static final Duration LONGEST_INTERVAL = Duration.ofDays(3_660);

  /// From a time on, before another.
  record Span(Instant from, Instant to) {}

  private final ServerRequest request;
  private final FieldErrors errors = new FieldErrors();
  private final @Nullable ZoneId zone;

  public Query(ServerRequest request) {
    this.request = request;
    this.zone = zone();
  }

  /// A parameter that may be left out.
  public @Nullable String text(String name) {
    return request.queryParam(name).orElse(null);
  }

  /// The same, with what holds if it is left out.
  String text(String name, String otherwise) {
    return request.queryParam(name).orElse(otherwise);
  }

  /// A parameter that must be there; the empty string if it is not, which [#check] will tell.
  String needed(String name) {
    var text = request.queryParam(name).orElse("");
    if (text.isEmpty()) {
      errors.addMalformed(name, "is missing");
    }
    return text;
  }

  /// A time or a date that may be left out.
  public @Nullable Instant time(String name) {
    return request.queryParam(name).map(text -> instant(name, text)).orElse(null);
  }

  /// `limit` and `cursor`.
  public Page page() {
    return Page.of(request, errors);
  }

  /// Says what is wrong with a parameter.
  public void refuse(String name, String message) {
    errors.addMalformed(name, message);
  }

  int number(String name, int otherwise, int least, int most) {
    var text = request.queryParam(name).orElse(Integer.toString(otherwise));
    if (text.matches("[0-9]{1,9}")
        && Integer.parseInt(text) >= least
        && Integer.parseInt(text) <= most) {
      return Integer.parseInt(text);
    }
    errors.addMalformed(name, "must be a number from " + least + " to " + most);
    return otherwise;
  }

  <T> T oneOf(String name, Map<String, T> choices, String otherwise) {
    var chosen = choices.get(request.queryParam(name).orElse(otherwise));
    if (chosen != null) {
      return chosen;
    }
    errors.addMalformed(
        name, "must be one of " + String.join(", ", choices.keySet().stream().sorted().toList()));
    return java.util.Objects.requireNonNull(choices.get(otherwise));
  }

  /// `from` and `to`; by default, until now and for so long before. A date is the moment when it
  /// begins in `timezone`.
  Span span(Clock clock, Duration length) {
    var to = request.queryParam("to").map(text -> instant("to", text)).orElseGet(clock::instant);
    var from =
        request
            .queryParam("from")
            .map(text -> instant("from", text))
            .orElseGet(() -> to.minus(length));
    if (errors.isEmpty() && !from.isBefore(to)) {
      errors.addMalformed("from", "must be before 'to'");
    }
    return new Span(from, to);
  }

  /// `interval`, in the days of `timezone` if there is one.
  Interval interval(Duration otherwise) {
    var length =
        request.queryParam("interval").map(text -> interval(text, otherwise)).orElse(otherwise);
    var interval = new Interval(length, zone);
    if (!interval.fitsDays()) {
      errors.addMalformed(
          "interval", "must be whole days, or divide a day, as P1D or PT6H, with a 'timezone'");
      return Interval.of(otherwise);
    }
    return interval;
  }

  private ZoneId zoneOrUtc() {
    return zone == null ? ZoneOffset.UTC : zone;
  }

  private @Nullable ZoneId zone() {
    try {
      return Interval.zone(text("timezone"));
    } catch (IllegalArgumentException e) {
      errors.addMalformed("timezone", "must be the name of a time zone, as Europe/Berlin, or UTC");
      return null;
    }
  }

  /// Ends a request in which anything was wrong.
  public void check() {
    errors.throwIfAny();
  }

  private Instant instant(String name, String text) {
    try {
      var instant =
          text.length() == DATE
              ? LocalDate.parse(text).atStartOfDay(zoneOrUtc()).toInstant()
              : OffsetDateTime.parse(text.replace(' ', '+')).toInstant();
      if (!instant.isBefore(EARLIEST) && instant.isBefore(LATEST)) {
        return instant;
      }
    } catch (DateTimeException e) {
      // told below
    }
    errors.addMalformed(
        name, "must be a time as 2026-08-21T10:00:00Z or a date as 2026-08-21, from 1970 to 2099");
    return EARLIEST;
  }

  private Duration interval(String text, Duration otherwise) {
    try {
      var interval = Duration.parse(text);
      if (interval.compareTo(SHORTEST_INTERVAL) >= 0
          && interval.compareTo(LONGEST_INTERVAL) <= 0
          && interval.getNano() == 0) {
        return interval;
      }
    } catch (DateTimeException e) {
      // told below, as one that is too short
    }
    errors.addMalformed(
        "interval", "must be a duration of whole seconds, as PT1H or PT15M, and at most ten years");
    return otherwise;
  }
}
