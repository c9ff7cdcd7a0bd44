package dev.stitchd.segment;

import dev.stitchd.postgres.Columns;
import io.r2dbc.spi.Readable;

/// A key on one side of a list.
public record Member(MemberSide side, String key) {

  static Member of(Readable row) {
    return new Member(
        MemberSide.of(Columns.bool(row, "included")), Columns.text(row, "context_key"));
  }
}
