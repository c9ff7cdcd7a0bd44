package dev.stitchd.segment;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.segment.upload.MemberKeys;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/// The body `{"keys":["u1","u2"]}` of adding and removing members.
final class KeyList {

  /// Most keys of one request.
  static final int MOST = 10_000;

  private KeyList() {}

  /// The keys, each once.
  ///
  /// @throws dev.stitchd.kernel.Problem with everything that is wrong
  static Set<String> read(JsonNode body) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var keys = new TreeSet<String>();
    var list = fields.requiredValue("keys");
    if (list != null && !list.isArray()) {
      fields.malformed("keys", "must be a list of strings");
    } else if (list != null && (list.isEmpty() || list.size() > MOST)) {
      fields.error("keys", "must hold 1 to " + MOST + " keys");
    } else if (list != null) {
      int i = 0;
      for (var key : list) {
        add(key, "keys[" + i++ + "]", keys, errors);
      }
    }
    fields.refuseOthers(Set.of());
    errors.throwIfAny();
    return keys;
  }

  private static void add(JsonNode key, String path, Set<String> keys, FieldErrors errors) {
    if (!key.isString()) {
      errors.addMalformed(path, "must be a string");
      return;
    }
    var bytes = key.stringValue().getBytes(StandardCharsets.UTF_8);
    var problem =
        Json.isStorable(key.stringValue())
            ? MemberKeys.problem(bytes, 0, bytes.length)
            : "the key holds NUL or half of a surrogate pair";
    if (problem != null) {
      errors.add(path, problem);
    }
    keys.add(key.stringValue());
  }
}
