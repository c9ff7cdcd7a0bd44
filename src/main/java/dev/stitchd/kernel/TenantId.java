package dev.stitchd.kernel;

import java.util.UUID;

/// A tenant's identity; every row of every table names one.
public record TenantId(UUID value) {

  @Override
  public String toString() {
    return value.toString();
  }
}
