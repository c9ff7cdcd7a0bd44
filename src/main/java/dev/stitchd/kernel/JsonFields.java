package dev.stitchd.kernel;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Reads one JSON object field by field and notes what is wrong, with its path, instead of stopping
/// at the first mistake. A reader asks for each field it knows and then calls [#refuseOthers], so
/// that a misspelt field is never ignored in silence. Confined to one thread.
public final class JsonFields {

  /// The longest text of a field that names no limit of its own, in characters.
  public static final int MAX_TEXT = 1_000;

  private static final String KEY = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}";
  private static final String LOWER_CASE_KEY = "[a-z0-9][a-z0-9._-]{0,99}";

  private static final int LONGEST_KEY = 100;

  private final @Nullable ObjectNode node;
  private final String path;
  private final FieldErrors errors;
  private final Set<String> known = new HashSet<>();

  private JsonFields(@Nullable ObjectNode node, String path, FieldErrors errors) {
    this.node = node;
    this.path = path;
    this.errors = errors;
  }

  /// Reads `value`, which must be an object; if it is not, that is noted and every field reads as
  /// absent.
  public static JsonFields of(@Nullable JsonNode value, String path, FieldErrors errors) {
    if (value instanceof ObjectNode object) {
      return new JsonFields(object, path, errors);
    }
    errors.addMalformed(path, "must be an object");
    return new JsonFields(null, path, errors);
  }

  /// Whether there is an object at all; if not, that has been noted.
  public boolean isObject() {
    return node != null;
  }

  public FieldErrors errors() {
    return errors;
  }

  /// Notes that a field has the wrong form.
  public void malformed(String name, String message) {
    errors.addMalformed(at(name), message);
  }

  /// The path of a field of this object.
  public String at(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  /// Notes an error at a field.
  public void error(String name, String message) {
    errors.add(at(name), message);
  }

  public boolean has(String name) {
    return node != null && node.has(name);
  }

  /// The raw value; null if absent or JSON null.
  public @Nullable JsonNode value(String name) {
    known.add(name);
    var value = node == null ? null : node.get(name);
    return value == null || value.isNull() ? null : value;
  }

  /// The raw value; absence is noted.
  public @Nullable JsonNode requiredValue(String name) {
    var value = value(name);
    if (value == null) {
      missing(name);
    }
    return value;
  }

  /// Optional text of at most `max` characters.
  public @Nullable String text(String name, int max) {
    var value = value(name);
    if (value == null) {
      return null;
    }
    if (!value.isString()) {
      malformed(name, "must be a string");
      return null;
    }
    if (value.stringValue().length() > max) {
      error(name, "is longer than " + max + " characters");
      return null;
    }
    return value.stringValue();
  }

  /// Text that must be there and not blank; reads as `""` when it is not, which is noted.
  public String requiredText(String name, int max) {
    var before = value(name);
    var text = text(name, max);
    if (before == null) {
      missing(name);
    } else if (text != null && text.isBlank()) {
      error(name, "must not be blank");
    }
    return text == null ? "" : text;
  }

  /// A key of a flag or a segment; reads as `""` when it is absent or wrong, which is noted.
  public String requiredKey(String name) {
    var text = requiredText(name, LONGEST_KEY);
    if (!text.isBlank() && !isKey(text)) {
      error(name, "must match " + KEY + ": letters, digits, dots, dashes, underscores");
    }
    return text;
  }

  /// A key that addresses and names of files are made of, so that it has no capitals; reads as `""`
  /// when it is absent or wrong, which is noted.
  public String requiredLowerCaseKey(String name) {
    var text = requiredText(name, LONGEST_KEY);
    if (!text.isBlank() && !(isKey(text) && text.equals(text.toLowerCase(Locale.ROOT)))) {
      error(
          name,
          "must match "
              + LOWER_CASE_KEY
              + ": lower-case letters, digits, dots, dashes, underscores");
    }
    return text;
  }

  /// The name of an event; reads as `""` when it is absent or wrong, which is noted.
  public String requiredPrintable(String name) {
    var text = requiredText(name, LONGEST_KEY);
    if (!text.isBlank() && !isPrintable(text)) {
      error(name, "must be at most " + LONGEST_KEY + " printable characters");
    }
    return text;
  }

  /// Whether text is a key: `[A-Za-z0-9][A-Za-z0-9._-]{0,99}`.
  public static boolean isKey(String text) {
    if (text.isEmpty() || text.length() > LONGEST_KEY || !isLetterOrDigit(text.charAt(0))) {
      return false;
    }
    for (int i = 1; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!isLetterOrDigit(c) && c != '.' && c != '_' && c != '-') {
        return false;
      }
    }
    return true;
  }

  /// Whether text is 1 to 100 printable characters, not all of them spaces.
  public static boolean isPrintable(String text) {
    return text.length() <= LONGEST_KEY
        && !text.isBlank()
        && Json.isStorable(text)
        && text.codePoints().allMatch(JsonFields::isPrintable);
  }

  private static boolean isPrintable(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }

  private static boolean isLetterOrDigit(char c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
  }

  public boolean bool(String name, boolean otherwise) {
    var value = value(name);
    if (value == null) {
      return otherwise;
    }
    if (!value.isBoolean()) {
      malformed(name, "must be true or false");
      return otherwise;
    }
    return value.booleanValue();
  }

  /// One of an enumeration's wire names; null when absent or wrong (noted).
  public @Nullable String oneOf(String name, Set<String> allowed) {
    var text = requiredText(name, MAX_TEXT);
    if (text.isBlank()) {
      return null;
    }
    if (!allowed.contains(text)) {
      error(name, "must be one of " + String.join(", ", allowed.stream().sorted().toList()));
      return null;
    }
    return text;
  }

  /// The elements of a list; empty when absent or not a list (noted) or longer than `max` (noted).
  public List<JsonNode> list(String name, int max) {
    var value = value(name);
    if (value == null) {
      return List.of();
    }
    if (!value.isArray()) {
      malformed(name, "must be a list");
      return List.of();
    }
    if (value.size() > max) {
      error(name, "has " + value.size() + " entries, at most " + max + " are allowed");
      return List.of();
    }
    var elements = new ArrayList<JsonNode>(value.size());
    value.forEach(elements::add);
    return elements;
  }

  /// A list of texts, each of at most `maxText` characters and not blank.
  public List<String> texts(String name, int max, int maxText) {
    var texts = new ArrayList<String>();
    int i = 0;
    for (var element : list(name, max)) {
      if (!element.isString() || element.stringValue().isBlank()) {
        errors.add(at(name) + "[" + i + "]", "must be a string that is not blank");
      } else if (element.stringValue().length() > maxText) {
        errors.add(at(name) + "[" + i + "]", "is longer than " + maxText + " characters");
      } else {
        texts.add(element.stringValue());
      }
      i++;
    }
    return List.copyOf(texts);
  }

  /// A nested object; when it is absent, that is noted.
  public JsonFields object(String name) {
    return of(value(name), at(name), errors);
  }

  /// Notes every field that was not asked for and is not one of `ignored`.
  public void refuseOthers(Set<String> ignored) {
    if (node == null) {
      return;
    }
    for (var property : node.properties()) {
      if (!known.contains(property.getKey()) && !ignored.contains(property.getKey())) {
        malformed(
            property.getKey(),
            "is not a field of this object; known fields: "
                + String.join(", ", known.stream().sorted().toList()));
      }
    }
  }

  /// Where there is no object at all, that has been noted, and is enough.
  private void missing(String name) {
    if (node != null) {
      error(name, "is required");
    }
  }
}
