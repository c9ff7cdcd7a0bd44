package dev.stitchd.catalog.event;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Reader;
import io.r2dbc.spi.Readable;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// [DefinedEvents] over the reader's pool.
@Component
final class DefinedEventsRows implements DefinedEvents {

  private static final String LOAD =
      """
      SELECT e.access_version, d.key, d.value_type, d.allowed_properties
        FROM stitchd_environments(ARRAY[$1]) e LEFT JOIN stitchd_event_definitions($1) d ON true
      """;

  private record Row(long accessVersion, @Nullable Definition definition) {}

  private final Reader reader;

  DefinedEventsRows(Reader reader) {
    this.reader = reader;
  }

  @Override
  public Mono<Defined> load(EnvironmentId environment) {
    return reader
        .read(session -> session.all(LOAD, DefinedEventsRows::row, environment.value()))
        .filter(rows -> !rows.isEmpty())
        .map(DefinedEventsRows::defined);
  }

  private static Defined defined(List<Row> rows) {
    return new Defined(
        rows.getFirst().accessVersion(),
        rows.stream()
            .map(Row::definition)
            .filter(Objects::nonNull)
            .map(Objects::requireNonNull)
            .toList());
  }

  private static Row row(Readable row) {
    var key = row.get("key", String.class);
    return new Row(
        Columns.number(row, "access_version"), key == null ? null : definition(key, row));
  }

  private static Definition definition(String key, Readable row) {
    var allowed = row.get("allowed_properties", String[].class);
    return new Definition(
        key,
        EventValue.of(Columns.text(row, "value_type")),
        allowed == null ? null : Set.of(allowed));
  }
}
