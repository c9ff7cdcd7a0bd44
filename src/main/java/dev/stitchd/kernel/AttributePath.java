package dev.stitchd.kernel;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Where an attribute lies in a context: names joined by dots, as `organization.plan`. A name that
/// has a dot in it, begins with a quotation mark or is empty is written between quotation marks, as
/// `organization."cost.center"`; within these, a backslash stands before a quotation mark and
/// before a backslash. So every name that JSON can carry has a path, and one alone.
public final class AttributePath {

  private static final char QUOTE = '"';
  private static final char ESCAPE = '\\';

  private AttributePath() {}

  /// The names of a path; null if it is none: an empty name without quotation marks, or a quotation
  /// mark that is never closed.
  public static @Nullable List<String> names(String path) {
    if (path.indexOf(QUOTE) < 0) {
      var names = List.of(path.split("\\.", -1));
      return names.contains("") ? null : names;
    }
    var names = new ArrayList<String>();
    int at = 0;
    while (at <= path.length()) {
      var name = new StringBuilder();
      boolean quoted = at < path.length() && path.charAt(at) == QUOTE;
      int end = quoted ? afterQuoted(path, at + 1, name) : afterPlain(path, at, name);
      boolean closed = end == path.length() || (end > 0 && path.charAt(end) == '.');
      if (!closed || (name.isEmpty() && !quoted)) {
        return null;
      }
      names.add(name.toString());
      at = end + 1;
    }
    return List.copyOf(names);
  }

  /// The path of a name within what lies at `path`.
  ///
  /// @param path empty for the context itself
  public static String within(String path, String name) {
    return path.isEmpty() ? quoted(name) : path + "." + quoted(name);
  }

  /// The one way to write a path; what is no path comes back as it is.
  public static String canonical(String path) {
    var names = path.indexOf(QUOTE) < 0 ? null : names(path);
    if (names == null) {
      return path;
    }
    var text = "";
    for (var name : names) {
      text = within(text, name);
    }
    return text;
  }

  /// Whether a path, or an object that it lies in, is one of these. A name with dots is taken for
  /// hidden too by whoever hides it as names joined by dots: people write `app.version` for both.
  ///
  /// @param paths as [#canonical] has them
  public static boolean isWithin(String path, Set<String> paths) {
    return !paths.isEmpty()
        && (isExactlyWithin(path, paths)
            || (path.indexOf(QUOTE) >= 0 && isExactlyWithin(withoutQuotes(path), paths)));
  }

  /// Each of these, as [#canonical] has it.
  public static Set<String> canonical(Set<String> paths) {
    var canonical = new LinkedHashSet<String>();
    paths.forEach(path -> canonical.add(canonical(path)));
    return Set.copyOf(canonical);
  }

  private static boolean isExactlyWithin(String path, Set<String> paths) {
    for (int dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
      if (paths.contains(path.substring(0, dot))) {
        return true;
      }
    }
    return paths.contains(path);
  }

  private static String withoutQuotes(String path) {
    var names = names(path);
    return names == null ? path : String.join(".", names);
  }

  private static String quoted(String name) {
    boolean plain = !name.isEmpty() && name.indexOf('.') < 0 && name.charAt(0) != QUOTE;
    return plain ? name : QUOTE + name.replace("\\", "\\\\").replace("\"", "\\\"") + QUOTE;
  }

  /// Reads a name up to its closing quotation mark; where the rest begins, or -1 if there is none.
  private static int afterQuoted(String path, int from, StringBuilder name) {
    for (int i = from; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c == QUOTE) {
        return i + 1;
      }
      if (c == ESCAPE && i + 1 < path.length()) {
        c = path.charAt(++i);
      }
      name.append(c);
    }
    return -1;
  }

  private static int afterPlain(String path, int from, StringBuilder name) {
    int dot = path.indexOf('.', from);
    int end = dot < 0 ? path.length() : dot;
    name.append(path, from, end);
    return end;
  }
}
