package dev.stitchd.load;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;

/// The command line of a subcommand: `--name=value` pairs. A name that the subcommand never asked
/// for is an error, so that a typing mistake does not measure something else.
final class Options {

  private final Map<String, String> given = new LinkedHashMap<>();
  private final TreeSet<String> known = new TreeSet<>();

  Options(String[] arguments, int from) {
    for (var argument : Arrays.copyOfRange(arguments, from, arguments.length)) {
      var equals = argument.indexOf('=');
      if (!argument.startsWith("--") || equals < 0) {
        throw new IllegalArgumentException("expected --name=value, got " + argument);
      }
      given.put(argument.substring(2, equals), argument.substring(equals + 1));
    }
  }

  String text(String name, String otherwise) {
    known.add(name);
    return given.getOrDefault(name, otherwise);
  }

  int number(String name, int otherwise) {
    return Integer.parseInt(text(name, Integer.toString(otherwise)));
  }

  boolean flag(String name, boolean otherwise) {
    return Boolean.parseBoolean(text(name, Boolean.toString(otherwise)));
  }

  /// To be called after every option was asked for.
  void complete() {
    var unknown = new TreeSet<>(given.keySet());
    unknown.removeAll(known);
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException("unknown options " + unknown + "; known are " + known);
    }
  }
}
