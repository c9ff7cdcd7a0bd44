package dev.stitchd.ruleset;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.JsonFields;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What a flag is in every environment: its type, its variants, and who may see it.
///
/// @param variants each variant's value, normalised, in the editor's order; never empty
/// @param clientVisible whether public keys may evaluate it
public record FlagShape(
    ValueType type, SequencedMap<String, JsonNode> variants, boolean clientVisible) {

  public FlagShape {
    variants = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(variants));
  }

  /// Reads the variants of a creation or replacement; mistakes are noted under `variants`.
  ///
  /// @param variants a JSON object; when absent, a boolean flag gets `on` and `off`
  /// @return the shape as far as it could be read; meaningless if errors were noted
  public static FlagShape read(
      ValueType type, @Nullable JsonNode variants, boolean clientVisible, FieldErrors errors) {
    return read(type, variants, clientVisible, "variants", errors);
  }

  /// As the shorter form, with the path of the variants.
  public static FlagShape read(
      ValueType type,
      @Nullable JsonNode variants,
      boolean clientVisible,
      String path,
      FieldErrors errors) {
    var values = new LinkedHashMap<String, JsonNode>();
    if (variants == null || variants.isNull()) {
      defaults(type, values, path, errors);
    } else if (variants instanceof ObjectNode object) {
      readVariants(type, object, values, path, errors);
    } else {
      errors.addMalformed(path, "must be an object of variant key to value");
    }
    return new FlagShape(type, values, clientVisible);
  }

  private static void defaults(
      ValueType type, LinkedHashMap<String, JsonNode> values, String path, FieldErrors errors) {
    if (type == ValueType.BOOLEAN) {
      var both = Json.object().put("on", true).put("off", false);
      both.properties().forEach(variant -> values.put(variant.getKey(), variant.getValue()));
    } else {
      errors.add(path, "is required: a " + type.wire() + " flag has no variants by default");
    }
  }

  private static void readVariants(
      ValueType type,
      ObjectNode object,
      LinkedHashMap<String, JsonNode> values,
      String path,
      FieldErrors errors) {
    if (object.isEmpty() || object.size() > Limits.VARIANTS) {
      errors.add(path, "has " + object.size() + " variants, must be 1 to " + Limits.VARIANTS);
      return;
    }
    var inAnyCase = new HashSet<String>();
    for (var variant : object.properties()) {
      var value = type.normalise(variant.getValue());
      if (!JsonFields.isKey(variant.getKey())) {
        errors.add(
            path + "." + variant.getKey(),
            "is not a key: letters, digits, dots, dashes, underscores, at most 100");
      } else if (!inAnyCase.add(variant.getKey().toLowerCase(Locale.ROOT))) {
        errors.add(path + "." + variant.getKey(), "differs from another variant by its case alone");
      } else if (value == null) {
        errors.add(path + "." + variant.getKey(), "must be " + type.meaning());
      } else {
        values.put(variant.getKey(), value);
      }
    }
  }

  /// The variant that a new flag gives: `off` of a boolean flag, else the first.
  public String initialVariant() {
    return type == ValueType.BOOLEAN && variants.containsKey("off")
        ? "off"
        : variants.firstEntry().getKey();
  }

  /// What to say of a variant that there is not.
  public String unknownVariant(String variant) {
    return "unknown variant '"
        + variant
        + "'; the flag has "
        + String.join(", ", variants.sequencedKeySet());
  }
}
