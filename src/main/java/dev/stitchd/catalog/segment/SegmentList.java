package dev.stitchd.catalog.segment;

import dev.stitchd.postgres.Columns;
import io.r2dbc.spi.Readable;
import java.util.UUID;
import tools.jackson.databind.node.ObjectNode;

/// Which members a segment has.
///
/// @param generation the generation whose members are the list
/// @param version rises with every change of members; 0 if there never were any
public record SegmentList(
    UUID environment,
    UUID segment,
    String key,
    long generation,
    long version,
    long included,
    long excluded) {

  /// Writes what answers say of it.
  public ObjectNode into(ObjectNode json) {
    return new SegmentRow.Counted(generation, version, included, excluded).into(json);
  }

  static SegmentList of(Readable row) {
    return new SegmentList(
        Columns.uuid(row, "environment_id"),
        Columns.uuid(row, "segment_id"),
        Columns.text(row, "segment_key"),
        Columns.number(row, "generation"),
        Columns.number(row, "version"),
        Columns.number(row, "included_count"),
        Columns.number(row, "excluded_count"));
  }
}
