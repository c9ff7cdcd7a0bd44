package dev.stitchd.kernel;

import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.StreamWriteConstraints;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
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

  /// How many characters a name may have: more than a context may have bytes.
  private static final int LONGEST_NAME = 100_000;

  /// What we write wraps what came in: a value in a flag in a list in an answer.
  private static final int MAX_OWN_DEPTH = MAX_DEPTH + 100;

  private static final JsonMapper MAPPER = mapper(bounds(MAX_DEPTH));
  private static final DefaultPrettyPrinter INDENTED =
      new DefaultPrettyPrinter()
          .withObjectIndenter(new DefaultIndenter("  ", "\n"))
          .withArrayIndenter(new DefaultIndenter("  ", "\n"));
  private static final JsonMapper OWN = mapper(bounds(MAX_OWN_DEPTH));

  private Json() {}

  /// What a parser of JSON from outside refuses. Numbers are as long as bodies may be: who reads
  /// them bounds what is computed with them.
  public static StreamReadConstraints bounds(int depth) {
    return StreamReadConstraints.builder()
        .maxNestingDepth(depth)
        .maxNameLength(LONGEST_NAME)
        .maxNumberLength(Integer.MAX_VALUE)
        .build();
  }

  private static JsonMapper mapper(StreamReadConstraints bounds) {
    return used(
        JsonMapper.builder(
                JsonFactory.builder()
                    .streamReadConstraints(bounds)
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
    var value = tree(utf8);
    if (value == null || value.isMissingNode()) {
      throw new Problem.Malformed("the body is empty; JSON was expected");
    }
    return value;
  }

  private static @Nullable JsonNode tree(byte[] utf8) {
    try {
      return tree(MAPPER.createParser(utf8));
    } catch (JacksonException e) {
      var text = textWithOddNames(utf8);
      if (text == null) {
        throw malformed(e);
      }
      try {
        return tree(MAPPER.createParser(text));
      } catch (JacksonException _) {
        throw malformed(e);
      }
    }
  }

  private static @Nullable JsonNode tree(JsonParser from) {
    try (var parser = WrittenNumbers.reading(from)) {
      return MAPPER.readTree(parser);
    }
  }

  /// The text of JSON that the parser of bytes refused, if it may have done so because of half of a
  /// surrogate pair in a name: the parser of text reads such names. Null if there can be none.
  public static @Nullable String textWithOddNames(byte[] utf8) {
    if (!holdsSurrogateEscape(utf8)) {
      return null;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException _) {
      return null;
    }
  }

  /// Whether there is an escape that begins as those of surrogates do.
  private static boolean holdsSurrogateEscape(byte[] utf8) {
    for (int i = 0; i + 2 < utf8.length; i++) {
      if (utf8[i] == '\\' && utf8[i + 1] == 'u' && (utf8[i + 2] | 0x20) == 'd') {
        return true;
      }
    }
    return false;
  }

  private static Problem.Malformed malformed(JacksonException e) {
    var at = e.getLocation();
    var where = at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
    return new Problem.Malformed("the body is not valid JSON" + where + why(e));
  }

  /// In the parser's words, unless these tell of the parser's own settings and classes.
  private static String why(JacksonException e) {
    if (e instanceof StreamConstraintsException) {
      return ": it nests deeper than "
          + MAX_DEPTH
          + " levels, or has a name of more than "
          + LONGEST_NAME
          + " characters";
    }
    var message = e.getOriginalMessage();
    var words = message == null ? "" : message.lines().findFirst().orElse("");
    var own = words.indexOf(" (start marker at");
    var told = own < 0 ? words : words.substring(0, own);
    return told.isEmpty() || told.indexOf('`') >= 0 ? "" : ": " + told;
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

  /// For people and for comparing versions: one line for each value, in the order that it has.
  public static byte[] writeIndented(JsonNode value) {
    return (MAPPER.writer().with(INDENTED).writeValueAsString(value) + "\n")
        .getBytes(StandardCharsets.UTF_8);
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
}
