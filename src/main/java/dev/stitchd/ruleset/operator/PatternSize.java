package dev.stitchd.ruleset.operator;

import java.util.ArrayDeque;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// Estimates how many instructions a pattern compiles to, before it is compiled: nested counted
/// repetitions multiply, and 20 characters can ask for a million instructions.
public final class PatternSize {

  private static final Pattern TOKEN =
      Pattern.compile(
          "(?s)(?<quote>\\\\Q.*?(?:\\\\E|$))|(?<open>\\()|(?<close>\\))"
              + "|\\{(?<from>\\d{1,9})(?:,(?<to>\\d{0,9}))?\\}"
              + "|(?<atom>\\\\[pPx]\\{[^}]*\\}|\\\\.|\\[\\^?\\]?(?:\\[:\\^?\\w+:\\]|\\\\.|[^\\]\\\\])*\\]|.)");

  private final ArrayDeque<long[]> groups = new ArrayDeque<>();

  private PatternSize() {}

  public static long of(String pattern) {
    var size = new PatternSize();
    size.groups.push(new long[2]);
    TOKEN.matcher(pattern).results().forEach(size::take);
    while (size.groups.size() > 1) {
      size.close();
    }
    return size.groups.element()[0];
  }

  private void take(MatchResult token) {
    if (token.group("open") != null) {
      groups.push(new long[2]);
    } else if (token.group("close") != null) {
      close();
    } else if (token.group("from") != null) {
      repeat(token);
    } else if (token.group("quote") != null) {
      add(token.group().length());
    } else {
      add(1);
    }
  }

  /// The last item of the innermost group counts once for each repetition.
  private void repeat(MatchResult token) {
    var group = groups.element();
    var to = token.group("to");
    long times = Long.parseLong(to == null || to.isEmpty() ? token.group("from") : to);
    long size = Math.min(group[1] * Math.max(1, times), Integer.MAX_VALUE);
    group[0] = Math.min(group[0] + size, Integer.MAX_VALUE);
    group[1] = size;
  }

  private void close() {
    if (groups.size() > 1) {
      add(groups.pop()[0] + 2);
    }
  }

  private void add(long size) {
    var group = groups.element();
    group[0] = Math.min(group[0] + size, Integer.MAX_VALUE);
    group[1] = Math.min(size, Integer.MAX_VALUE);
  }
}
