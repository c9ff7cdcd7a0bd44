package dev.stitchd.resource;

import java.util.Set;

/// Fields of an answer that a request may repeat and that are ignored there, so that what was read
/// can be written back.
public final class ReadOnlyFields {

  public static final Set<String> NAMES =
      Set.of("id", "version", "createdAt", "createdBy", "updatedAt", "updatedBy", "warnings");

  private ReadOnlyFields() {}
}
