package dev.stitchd.ruleset;

import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.FieldError;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Short ways to write JSON, flags and contexts in tests.
final class Given {

  static final FlagShape ON_OFF = FlagShape.read(ValueType.BOOLEAN, null, false, new FieldErrors());
  static final FlagShape ABC = strings("a", "b", "c");

  private Given() {}

  /// JSON with single quotes.
  static JsonNode json(String text) {
    return Json.parseOwn(text.replace('\'', '"'));
  }

  static EvaluationContext context(String text) {
    var errors = new FieldErrors();
    var context = EvaluationContext.read(json(text), "context", errors);
    errors.throwIfAny();
    return context;
  }

  static FlagShape strings(String... variants) {
    var values = Json.object();
    Arrays.stream(variants).forEach(v -> values.put(v, "value of " + v));
    var errors = new FieldErrors();
    var shape = FlagShape.read(ValueType.STRING, values, false, errors);
    errors.throwIfAny();
    return shape;
  }

  /// A targeting read as an editor's request; `fields` are laid over a switched-on one.
  static Targeting targeting(FlagShape shape, String fields) {
    var errors = new FieldErrors();
    var read = Targeting.read(body(shape, fields), "", shape, null, () -> "salt", errors);
    errors.throwIfAny();
    return read.targeting();
  }

  static ObjectNode body(FlagShape shape, String fields) {
    var body = Targeting.initial(shape).toJson().put("enabled", true);
    body.setAll((ObjectNode) json(fields));
    return body;
  }

  static Flag flag(String key, FlagShape shape, String fields) {
    return Flag.of(key, shape, targeting(shape, fields));
  }

  static Flag flag(String key, String fields) {
    return flag(key, ON_OFF, fields);
  }

  static Segment segment(String key, String when) {
    return Segment.of(key, "user", condition(when), null);
  }

  static Segment list(String key) {
    return Segment.of(key, "user", null, new Segment.ListVersion(1, 1));
  }

  static Condition condition(String text) {
    return Condition.fromJson(json(text));
  }

  static Ruleset ruleset(Object... items) {
    return Ruleset.of(
        byKey(items, Flag.class, Flag::key), byKey(items, Segment.class, Segment::key));
  }

  private static <T> Map<String, T> byKey(Object[] items, Class<T> type, Function<T, String> key) {
    return Arrays.stream(items)
        .filter(type::isInstance)
        .map(type::cast)
        .collect(Collectors.toMap(key, Function.identity()));
  }

  static List<String> texts(FieldErrors errors) {
    return errors.list().stream().map(Given::text).toList();
  }

  static String text(FieldError error) {
    return error.path() + ": " + error.message();
  }
}
