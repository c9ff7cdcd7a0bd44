package dev.stitchd.resource;

import dev.stitchd.kernel.Json;
import dev.stitchd.postgres.Columns;
import io.r2dbc.spi.Readable;
import tools.jackson.databind.node.ObjectNode;

/// A resource that has a key and a name and nothing else of its own.
public record NamedResource(String key, String name, Versioned meta) implements Resource {

  public static NamedResource of(Readable row) {
    return new NamedResource(
        Columns.text(row, "key"), Columns.text(row, "name"), Versioned.of(row));
  }

  @Override
  public ObjectNode body() {
    return meta.into(Json.object().put("key", key).put("name", name));
  }

  @Override
  public long version() {
    return meta.version();
  }

  public StoredResource stored() {
    return StoredResource.of(key, this);
  }
}
