package dev.stitchd.catalog.flag;

import dev.stitchd.kernel.Json;
import dev.stitchd.postgres.Columns;
import dev.stitchd.resource.Resource;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.resource.Versioned;
import dev.stitchd.ruleset.FlagShape;
import dev.stitchd.ruleset.ValueType;
import io.r2dbc.spi.Readable;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A flag as stored in `feature_flags` and `variants`.
record FlagRow(
    UUID id,
    String key,
    String name,
    FlagShape shape,
    @Nullable String description,
    List<String> tags,
    @Nullable String owner,
    boolean temporary,
    boolean archived,
    Versioned meta)
    implements Resource {

  static FlagRow of(Readable row) {
    var type = Objects.requireNonNull(ValueType.of(Columns.text(row, "type")), "type");
    var variants = new LinkedHashMap<String, JsonNode>();
    for (var pair : Columns.json(row, "variants")) {
      variants.put(
          pair.get(0).stringValue(),
          Objects.requireNonNull(type.normalise(pair.get(1)), "variant"));
    }
    var tags = row.get("tags", String[].class);
    return new FlagRow(
        Columns.uuid(row, "id"),
        Columns.text(row, "key"),
        Columns.text(row, "name"),
        new FlagShape(type, variants, Columns.bool(row, "client_visible")),
        row.get("description", String.class),
        tags == null ? List.of() : Arrays.asList(tags),
        row.get("owner", String.class),
        Columns.bool(row, "temporary"),
        Columns.bool(row, "archived"),
        Versioned.of(row));
  }

  /// The flag as the API answers it.
  @Override
  public ObjectNode body() {
    var body = Json.object().put("key", key).put("name", name).put("type", shape.type().wire());
    var variants = body.putObject("variants");
    shape.variants().forEach(variants::set);
    if (description != null) {
      body.put("description", description);
    }
    var list = body.putArray("tags");
    tags.forEach(list::add);
    if (owner != null) {
      body.put("owner", owner);
    }
    body.put("clientVisible", shape.clientVisible())
        .put("temporary", temporary)
        .put("archived", archived);
    return meta.into(body);
  }

  @Override
  public long version() {
    return meta.version();
  }

  StoredResource stored() {
    return StoredResource.of(key, this);
  }
}
