package dev.stitchd.catalog;

import java.util.Set;

/// Fields of an answer that a request may repeat and that are ignored there, so that what was read
/// can be written back.
final class ReadOnly {

  static final Set<String> FIELDS =
      Set.of("id", "version", "createdAt", "createdBy", "updatedAt", "updatedBy");

  private ReadOnly() {}
}
