package dev.stitchd.catalog.flag;

import org.jspecify.annotations.Nullable;

/// Which flags a list shows.
///
/// @param q part of a key or name, whatever its case; null for all
/// @param tag a tag they carry; null for all
/// @param archived archived ones, or those in use
public record FlagFilter(@Nullable String q, @Nullable String tag, boolean archived) {

  @Nullable String pattern() {
    return q == null
        ? null
        : "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%";
  }
}
