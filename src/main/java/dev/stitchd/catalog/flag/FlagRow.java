package dev.stitchd.catalog.flag;

import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.postgres.Columns;
import dev.stitchd.resource.NewerVersion;
import dev.stitchd.resource.Resource;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.resource.Versioned;
import dev.stitchd.ruleset.FlagShape;
import dev.stitchd.ruleset.ValueType;
import io.r2dbc.spi.Readable;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A flag as stored in `feature_flags` and `variants`.
///
/// @param type the stored type, of this version or of a newer one
/// @param variants each variant's stored value, in the editor's order
record FlagRow(
    UUID id,
    String key,
    String name,
    String type,
    SequencedMap<String, JsonNode> variants,
    boolean clientVisible,
    @Nullable String description,
    List<String> tags,
    @Nullable String owner,
    boolean temporary,
    boolean archived,
    Versioned meta)
    implements Resource {

  static FlagRow of(Readable row) {
    var type = Columns.text(row, "type");
    var known = ValueType.of(type);
    var variants = new LinkedHashMap<String, JsonNode>();
    for (var pair : Columns.json(row, "variants")) {
      var value = known == null ? null : known.normalise(pair.get(1));
      variants.put(pair.get(0).stringValue(), value == null ? pair.get(1) : value);
    }
    var tags = row.get("tags", String[].class);
    return new FlagRow(
        Columns.uuid(row, "id"),
        Columns.text(row, "key"),
        Columns.text(row, "name"),
        type,
        variants,
        Columns.bool(row, "client_visible"),
        row.get("description", String.class),
        tags == null ? List.of() : Arrays.asList(tags),
        row.get("owner", String.class),
        Columns.bool(row, "temporary"),
        Columns.bool(row, "archived"),
        Versioned.of(row));
  }

  /// Type and variants, to be changed or published.
  ///
  /// @throws Problem.Conflict if a newer node wrote what this version does not know
  FlagShape shape() {
    var known = ValueType.of(type);
    if (known == null) {
      throw NewerVersion.of(
          "flag '" + key + "'", new IllegalArgumentException("type '" + type + "'"));
    }
    variants.forEach((variant, value) -> {
      if (known.normalise(value) == null) {
        throw NewerVersion.of(
            "flag '" + key + "'",
            new IllegalArgumentException("variant '" + variant + "' of type " + type));
      }
    });
    return new FlagShape(known, variants, clientVisible);
  }

  /// The flag as the API answers it: as it is stored, also where this version cannot read it.
  @Override
  public ObjectNode body() {
    var body = Json.object().put("key", key).put("name", name).put("type", type);
    var values = body.putObject("variants");
    variants.forEach(values::set);
    if (description != null) {
      body.put("description", description);
    }
    var list = body.putArray("tags");
    tags.forEach(list::add);
    if (owner != null) {
      body.put("owner", owner);
    }
    body.put("clientVisible", clientVisible).put("temporary", temporary).put("archived", archived);
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
