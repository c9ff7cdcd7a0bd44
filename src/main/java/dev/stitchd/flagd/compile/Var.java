package dev.stitchd.flagd.compile;

import dev.stitchd.kernel.AttributePath;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// An attribute of the context that JSONLogic can name.
///
/// @param path names joined by dots
record Var(String path) {

  static final Var TARGETING_KEY = new Var("targetingKey");

  /// The element that is looked at within `some` and `none`.
  static final Var ELEMENT = new Var("");

  private static final Pattern NAME = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_:@ -]*");

  /// What JavaScript's objects, texts and lists have without being told: there, a path through one
  /// of these names finds something in every context.
  private static final Set<String> INHERITED =
      Set.of(
          ("__proto__ __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ constructor"
                  + " hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf")
              .split(" "));

  /// As [#INHERITED], of texts, lists and numbers, which only lie below the first name. They are
  /// functions, which engines hide, and do harm only with another name after them.
  private static final Set<String> INHERITED_BELOW =
      Set.of(
          ("at anchor big blink bold charAt charCodeAt codePointAt concat copyWithin endsWith entries"
                  + " every fill filter find findIndex findLast findLastIndex fixed flat flatMap fontcolor"
                  + " fontsize forEach includes indexOf isWellFormed italics join keys lastIndexOf link"
                  + " localeCompare map match matchAll normalize padEnd padStart pop push raw reduce"
                  + " reduceRight repeat replace replaceAll reverse search shift slice small some sort splice"
                  + " split startsWith strike sub substr substring sup toExponential toFixed toLocaleLowerCase"
                  + " toLocaleUpperCase toLowerCase toPrecision toReversed toSorted toSpliced toUpperCase"
                  + " toWellFormed trim trimEnd trimLeft trimRight trimStart unshift values with")
              .split(" "));

  /// The attribute at a path of the model; null if JSONLogic cannot name it, or engines would find
  /// different things there.
  static @Nullable Var of(String path) {
    var names = AttributePath.names(path);
    return names == null || !isNameable(names) ? null : new Var(String.join(".", names));
  }

  /// The key of a context type; null as [#of] says.
  static @Nullable Var keyOf(String contextType) {
    return EvaluationContext.USER.equals(contextType) ? TARGETING_KEY : of(contextType + ".key");
  }

  Logic logic() {
    var json = Json.object().put("var", path);
    return new Logic(json, path.length() + 10, 1, Set.of(), Set.of());
  }

  /// Whether no part of the path leads through what has no members, where some engines find some:
  /// JavaScript takes 0, `false` and empty text for what is within them, and Go a list's first
  /// element for anything within it. Go fails where a list is asked for an element beyond its end,
  /// so it is asked, and the answer does not matter.
  Logic isReached() {
    var steps = new ArrayList<Logic>();
    for (int dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
      var owner = new Var(path.substring(0, dot));
      int next = path.indexOf('.', dot + 1);
      var member = new Var(next < 0 ? path : path.substring(0, next));
      var beyond = new Var(owner.path + ".999999999").logic();
      steps.add(Logic.any(beyond.same(Logic.number(1)), ValueLogic.ALWAYS));
      steps.add(member.logic().differs(owner.logic()));
    }
    return Logic.all(steps);
  }

  private static boolean isNameable(List<String> names) {
    for (int i = 0; i < names.size(); i++) {
      var name = names.get(i);
      if (!NAME.matcher(name).matches()
          || INHERITED.contains(name)
          || (i > 0 && name.equals("length"))
          || (i > 0 && i < names.size() - 1 && INHERITED_BELOW.contains(name))) {
        return false;
      }
    }
    return !names.getFirst().equals("privateAttributes");
  }
}
