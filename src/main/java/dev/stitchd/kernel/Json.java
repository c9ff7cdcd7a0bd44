package dev.stitchd.kernel;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.StreamWriteConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// JSON as Stitchd reads and writes it: strict (no duplicate names, nothing after the value),
/// bounded in depth, numbers with the value that was written ([WrittenNumbers]). All methods are
/// pure and safe from any thread.
public final class Json {

  /// How deep a document may nest before it is refused as malformed; the limits of the model are
  /// far below.
  public static final int MAX_DEPTH = 500;

  /// What we write wraps what came in: a value in a flag in a list in an answer.
  private static final int MAX_OWN_DEPTH = MAX_DEPTH + 100;

  private static final JsonMapper MAPPER = mapper(MAX_DEPTH);
  private static final JsonMapper OWN = mapper(MAX_OWN_DEPTH);

  private Json() {}

  private static JsonMapper mapper(int depth) {
    return used(
        JsonMapper.builder(
                JsonFactory.builder()
                    .streamReadConstraints(
                        StreamReadConstraints.builder().maxNestingDepth(depth).build())
                    .streamWriteConstraints(
                        StreamWriteConstraints.builder().maxNestingDepth(MAX_OWN_DEPTH).build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .nodeFactory(new WrittenNumbers())
            .build());
  }

  /// Jackson makes what reads and writes a type when that is first needed, under a lock for which
  /// event loops that begin together would wait; so it is needed here.
  private static JsonMapper used(JsonMapper mapper) {
    var everyType =
        "[{},[],\"\",1,3000000000,12345678901234567890,1.5,0.12345678901234567890,true,null]";
    try (var parser = mapper.createParser(everyType)) {
      JsonNode values = mapper.readTree(parser);
      values.forEach(value -> {
        var _ = mapper.readTree(mapper.writeValueAsBytes(value));
        var _ = mapper.writeValueAsString(value);
      });
    }
    return mapper;
  }

  /// Parses UTF-8 JSON from outside.
  ///
  /// @throws Problem.Malformed if it is not one JSON value, holds a duplicate name, is not UTF-8,
  ///   or holds what no store can keep (NUL, lone surrogates, numbers beyond a double); says where
  public static JsonNode parse(byte[] utf8) {
    var value = read(utf8);
    var errors = new FieldErrors();
    new Unstorable(errors).find(value);
    errors.throwIfAny();
    return value;
  }

  /// As [#parse], but for one field of the outermost object: what no store can keep is left in it
  /// for its reader to find.
  public static JsonNode parseExcept(byte[] utf8, String field) {
    var value = read(utf8);
    var errors = new FieldErrors();
    new Unstorable(errors).findExcept(value, field);
    errors.throwIfAny();
    return value;
  }

  private static JsonNode read(byte[] utf8) {
    JsonNode value;
    try (var parser = WrittenNumbers.reading(MAPPER.createParser(utf8))) {
      value = MAPPER.readTree(parser);
    } catch (JacksonException e) {
      var at = e.getLocation();
      var where =
          at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
      throw new Problem.Malformed(
          "the body is not valid JSON" + where + ": " + firstLine(e.getOriginalMessage()));
    }
    if (value == null || value.isMissingNode()) {
      throw new Problem.Malformed("the body is empty; JSON was expected");
    }
    return value;
  }

  /// Whether a double is the number that is written, and not one near it.
  public static boolean isWritten(double number, String written) {
    return WrittenNumbers.isSaidBy(number, written);
  }

  /// Parses JSON that this server wrote itself.
  ///
  /// @throws JacksonException if it is not JSON, which is a defect or damage, not a caller's
  ///   mistake
  public static JsonNode parseOwn(String json) {
    return OWN.readTree(json);
  }

  /// The compact form.
  public static String write(JsonNode value) {
    return MAPPER.writeValueAsString(value);
  }

  /// The compact form as UTF-8.
  public static byte[] writeBytes(JsonNode value) {
    return MAPPER.writeValueAsBytes(value);
  }

  /// A generator that writes the compact form as UTF-8, for answers that need no tree; it can write
  /// trees within.
  public static JsonGenerator generator(OutputStream to) {
    return MAPPER.createGenerator(to);
  }

  /// A new, empty object.
  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /// A new, empty array.
  public static ArrayNode array() {
    return MAPPER.createArrayNode();
  }

  /// Applies a JSON Merge Patch (RFC 7396) and returns the result; neither argument is changed, and
  /// the result shares with both what it did not need to make new.
  public static JsonNode mergePatch(@Nullable JsonNode target, JsonNode patch) {
    if (!(patch instanceof ObjectNode changes)) {
      return patch;
    }
    var result = object();
    if (target instanceof ObjectNode object) {
      result.setAll(object);
    }
    for (Map.Entry<String, JsonNode> change : changes.properties()) {
      if (change.getValue().isNull()) {
        result.remove(change.getKey());
      } else {
        result.set(change.getKey(), mergePatch(result.get(change.getKey()), change.getValue()));
      }
    }
    return result;
  }

  /// Whether text has no NUL and no lone surrogate, so that PostgreSQL, ClickHouse and UTF-8 can
  /// hold it.
  public static boolean isStorable(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != 0 && c < Character.MIN_SURROGATE) {
        continue;
      }
      if (c == 0) {
        return false;
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return false;
      }
    }
    return true;
  }

  /// Text with a question mark in the place of each character that [#isStorable] refuses.
  static String storable(String text) {
    var utf8 = text.replace('\0', '?').getBytes(StandardCharsets.UTF_8);
    return new String(utf8, StandardCharsets.UTF_8);
  }

  private static String firstLine(@Nullable String message) {
    return message == null ? "unreadable" : message.lines().findFirst().orElse("unreadable");
  }
}
