package dev.stitchd.catalog.event;

import dev.stitchd.postgres.Columns;
import dev.stitchd.resource.Resource;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.resource.Versioned;
import io.r2dbc.spi.Readable;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/// An event definition as stored.
record EventDefinitionRow(
    String key,
    String name,
    @Nullable String description,
    String valueType,
    @Nullable String unit,
    @Nullable List<String> allowedProperties,
    Versioned meta)
    implements Resource {

  static EventDefinitionRow of(Readable row) {
    var allowed = row.get("allowed_properties", String[].class);
    return new EventDefinitionRow(
        Columns.text(row, "key"),
        Columns.text(row, "name"),
        row.get("description", String.class),
        Columns.text(row, "value_type"),
        row.get("unit", String.class),
        allowed == null ? null : List.of(allowed),
        Versioned.of(row));
  }

  @Override
  public ObjectNode body() {
    var body = Resource.named(key, name, description).put("valueType", valueType);
    if (unit != null) {
      body.put("unit", unit);
    }
    if (allowedProperties != null) {
      var list = body.putArray("allowedProperties");
      allowedProperties.forEach(list::add);
    }
    return meta.into(body);
  }

  StoredResource stored() {
    return StoredResource.of(key, this);
  }

  @Override
  public long version() {
    return meta.version();
  }
}
