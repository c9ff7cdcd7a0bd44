package dev.stitchd.catalog.segment;

import dev.stitchd.kernel.Json;
import dev.stitchd.postgres.Columns;
import dev.stitchd.resource.NewerVersion;
import dev.stitchd.resource.Resource;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.resource.Versioned;
import dev.stitchd.revisionlog.ItemChange;
import dev.stitchd.ruleset.Condition;
import dev.stitchd.ruleset.Items;
import dev.stitchd.ruleset.Segment;
import io.r2dbc.spi.Readable;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A segment as it is stored.
///
/// @param condition as stored, by this version or a newer one; null if it has none
/// @param list null if it never had members
record SegmentRow(
    String key,
    String name,
    @Nullable String description,
    String contextType,
    @Nullable JsonNode condition,
    @Nullable Counted list,
    Versioned meta)
    implements Resource {

  /// Which members it has, and how many.
  record Counted(long generation, long version, long included, long excluded) {

    static @Nullable Counted of(Readable row) {
      var version = row.get("list_version", Long.class);
      return version == null || version == 0
          ? null
          : new Counted(
              Columns.number(row, "generation"),
              version,
              Columns.number(row, "included_count"),
              Columns.number(row, "excluded_count"));
    }

    /// Writes it as answers have it.
    ObjectNode into(ObjectNode json) {
      return json.put("generation", generation)
          .put("version", version)
          .put("included", included)
          .put("excluded", excluded);
    }
  }

  static SegmentRow of(Readable row) {
    var condition = row.get("condition", String.class);
    return new SegmentRow(
        Columns.text(row, "key"),
        Columns.text(row, "name"),
        row.get("description", String.class),
        Columns.text(row, "context_type"),
        condition == null ? null : Json.parseOwn(condition),
        Counted.of(row),
        Versioned.of(row));
  }

  @Override
  public ObjectNode body() {
    var body = Resource.named(key, name, description);
    body.put("contextType", contextType)
        .set("when", condition == null ? body.nullNode() : condition.deepCopy());
    if (list != null) {
      var _ = list.into(body.putObject("list"));
    }
    return meta.into(body);
  }

  /// @throws dev.stitchd.kernel.Problem.Conflict if a newer node wrote what this version does not
  ///   know
  ItemChange change() {
    return ItemChange.segment(
        key, Items.segment(Segment.of(key, contextType, when(), published())));
  }

  /// Which members it has, as SDKs are told; null if it never had any.
  Segment.@Nullable ListVersion published() {
    return list == null ? null : new Segment.ListVersion(list.generation(), list.version());
  }

  private @Nullable Condition when() {
    try {
      return condition == null ? null : Condition.fromJson(condition);
    } catch (IllegalArgumentException e) {
      throw NewerVersion.of("condition", e);
    }
  }

  @Override
  public long version() {
    return meta.version();
  }

  StoredResource stored() {
    return StoredResource.of(key, this);
  }
}
