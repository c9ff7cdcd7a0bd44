package dev.stitchd.audit;

import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.FieldChange;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/// A write in words: what, where, how, by whom, as `checkout in production: default: 'on' 10 % → 50
/// %, by ada@example.org`. Pure.
final class Summary {

  private static final int MOST_PHRASES = 5;
  private static final int MOST_NAMED = 3;
  private static final int LONGEST_VALUE = 60;
  private static final int LONGEST = 1_000;

  private static final Map<String, String> DONE =
      Map.of(
          "create", "created",
          "delete", "deleted",
          "revoke", "revoked",
          "reshuffle", "laid out anew",
          "login", "signed in",
          "logout", "signed out",
          "password", "has a new password",
          "begin", "begun",
          "erase", "erasure of one person's data asked for");

  /// What changes with every write, or follows from what is told.
  private static final Set<String> UNTOLD =
      Set.of("version", "updatedAt", "updatedBy", "revokedAt", "id", "createdAt", "createdBy");

  private Summary() {}

  static String of(AuditNote note, Actor by) {
    var text = subject(note) + ": " + String.join("; ", phrases(note)) + ", by " + name(by);
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST - 1) + "…";
  }

  private static String name(Actor by) {
    return by.kind() == Actor.Kind.SYSTEM ? "the server (" + by.name() + ")" : by.name();
  }

  private static String subject(AuditNote note) {
    var environment = note.place().environment();
    var in = environment == null ? "" : " in " + environment;
    return switch (note.thing()) {
      case "flag.targeting" -> part(note, 4) + in;
      case "segment.members" -> "members of " + part(note, 6) + in;
      case "environment" -> "environment " + environment;
      case "context" -> "context" + in;
      default -> note.thing().replace('.', ' ').replace('-', ' ') + " " + label(note) + in;
    };
  }

  /// As people call it: by its key, or by the name of what has only an id.
  private static String label(AuditNote note) {
    var body = Objects.requireNonNullElse(note.after(), note.before());
    for (var name : List.of("key", "email", "name")) {
      if (body != null && body.path(name).isString()) {
        var text = body.path(name).stringValue();
        return name.equals("name") ? quoted(text) : text;
      }
    }
    return note.resource().substring(note.resource().lastIndexOf('/') + 1);
  }

  private static String part(AuditNote note, int index) {
    var parts = note.resource().split("/");
    return index < parts.length ? parts[index] : "";
  }

  private static List<String> phrases(AuditNote note) {
    var before = note.before();
    var after = note.after();
    var done = DONE.get(note.verb());
    var told = new ArrayList<String>();
    if (done != null) {
      told.add(done);
    }
    if (after != null && after.path("restored").isNumber()) {
      told.add("revision " + after.path("restored").asString() + " restored");
    }
    if (before != null && after != null) {
      fields("", before, after, told);
    }
    if (told.isEmpty()) {
      told.add(note.verb().equals("update") ? "written as it was" : note.verb());
    }
    return atMost(told, MOST_PHRASES);
  }

  private static void fields(String path, JsonNode before, JsonNode after, List<String> told) {
    var names = new LinkedHashSet<String>();
    after.properties().forEach(field -> names.add(field.getKey()));
    before.properties().forEach(field -> names.add(field.getKey()));
    if (path.isEmpty()) {
      names.removeAll(UNTOLD);
    }
    for (var name : names) {
      var was = before.path(name);
      var is = after.path(name);
      if (!was.equals(is)) {
        field(path.isEmpty() ? name : path + "." + name, was, is, told);
      }
    }
  }

  private static void field(String path, JsonNode was, JsonNode is, List<String> told) {
    if (path.equals("enabled") && was.isBoolean() && is.isBoolean()) {
      told.add(is.booleanValue() ? "switched on" : "switched off");
    } else if (isServe(was) && isServe(is)) {
      told.add(path + ": " + served(was, is));
    } else if (path.equals("rules") && was.isArray() && is.isArray()) {
      rules(was, is, told);
    } else if (path.equals("targets") && was.isArray() && is.isArray()) {
      targets(was, is, told);
    } else if (was.isObject() && is.isObject()) {
      fields(path, was, is, told);
    } else if (Changes.isPlain(was) && Changes.isPlain(is)) {
      told.add(path + ": " + list(was, is));
    } else if (was.isContainer() || is.isContainer()) {
      told.add(path + " changed");
    } else {
      told.add(path + ": " + value(was) + " → " + value(is));
    }
  }

  private static boolean isServe(JsonNode node) {
    return node.isObject() && (node.has("variant") || node.has("rollout"));
  }

  private static String served(JsonNode was, JsonNode is) {
    var weighed = was.at("/rollout/weights");
    var weighs = is.at("/rollout/weights");
    if (!weighed.isObject() || !weighs.isObject()) {
      return given(was) + " → " + given(is);
    }
    var variants = new LinkedHashSet<String>();
    weighs.properties().forEach(weight -> variants.add(weight.getKey()));
    weighed.properties().forEach(weight -> variants.add(weight.getKey()));
    var changed =
        variants.stream()
            .filter(variant -> !weighed.path(variant).equals(weighs.path(variant)))
            .toList();
    if (changed.isEmpty()) {
      return "rollout laid out otherwise";
    }
    return changed.stream()
        .limit(variants.size() == 2 ? 1 : variants.size()) // of two, the other one is the rest
        .map(variant ->
            quoted(variant)
                + " "
                + percent(weighed.path(variant))
                + " → "
                + percent(weighs.path(variant)))
        .collect(Collectors.joining(", "));
  }

  private static String given(JsonNode serve) {
    var weights = serve.at("/rollout/weights");
    return weights.isObject()
        ? weights.properties().stream()
            .map(weight -> quoted(weight.getKey()) + " " + percent(weight.getValue()))
            .collect(Collectors.joining(", "))
        : quoted(serve.path("variant").asString("a rollout"));
  }

  private static String percent(JsonNode weight) {
    return (weight.isNumber() ? weight.asString() : "0") + " %";
  }

  private static void rules(JsonNode was, JsonNode is, List<String> told) {
    var were = FieldChange.byId(was);
    var are = FieldChange.byId(is);
    if (were == null || are == null) {
      told.add("rules changed");
      return;
    }
    are.forEach((id, rule) -> {
      var before = were.get(id);
      if (before == null) {
        told.add("rule " + quoted(id) + " added");
      } else if (!before.equals(rule)) {
        told.add("rule " + quoted(id) + ": " + rule(before, rule));
      }
    });
    were.keySet().stream()
        .filter(id -> !are.containsKey(id))
        .forEach(id -> told.add("rule " + quoted(id) + " removed"));
    var stayed = were.keySet().stream().filter(are::containsKey).toList();
    if (!stayed.equals(are.keySet().stream().filter(were::containsKey).toList())) {
      told.add("rules in another order");
    }
  }

  private static String rule(JsonNode before, JsonNode after) {
    var parts = new ArrayList<String>();
    if (!before.path("serve").equals(after.path("serve"))) {
      parts.add(served(before.path("serve"), after.path("serve")));
    }
    if (!before.path("when").equals(after.path("when"))) {
      parts.add("another condition");
    }
    if (parts.isEmpty()) {
      parts.add("another description");
    }
    return String.join(", ", parts);
  }

  private static void targets(JsonNode was, JsonNode is, List<String> told) {
    var were = FieldChange.byId(was);
    var are = FieldChange.byId(is);
    if (were == null || are == null) {
      told.add("targets changed");
      return;
    }
    var ids = new LinkedHashSet<>(are.keySet());
    ids.addAll(were.keySet());
    for (var id : ids) {
      var keysBefore = keys(were.get(id));
      var keysAfter = keys(are.get(id));
      if (!keysBefore.equals(keysAfter)) {
        told.add("targets " + id + ": " + list(keysBefore, keysAfter));
      }
    }
  }

  private static JsonNode keys(@Nullable JsonNode target) {
    return target == null ? MissingNode.getInstance() : target.path("keys");
  }

  private static String list(JsonNode was, JsonNode is) {
    var come = Changes.extra(is, was).stream().map(value -> "+" + value(value)).toList();
    var gone = Changes.extra(was, is).stream().map(value -> "−" + value(value)).toList();
    var both =
        Stream.concat(atMost(come, MOST_NAMED).stream(), atMost(gone, MOST_NAMED).stream())
            .toList();
    return both.isEmpty() ? "in another order" : String.join(", ", both);
  }

  private static List<String> atMost(List<String> all, int most) {
    if (all.size() <= most) {
      return all;
    }
    var some = new ArrayList<>(all.subList(0, most));
    some.add("and " + (all.size() - most) + " more");
    return some;
  }

  private static String value(JsonNode value) {
    return value.isMissingNode() || value.isNull()
        ? "nothing"
        : value.isString() ? quoted(value.stringValue()) : value.asString();
  }

  private static String quoted(String text) {
    return "'"
        + (text.length() <= LONGEST_VALUE ? text : text.substring(0, LONGEST_VALUE) + "…")
        + "'";
  }
}
