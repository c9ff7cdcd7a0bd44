package dev.stitchd.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// `table`: Markdown from the lines of a results file: one table per measurement, one column per
/// target, the median of all rounds in each cell, and the ratio of the server to each ceiling.
final class Table {

  private final String file;

  Table(Options options) {
    this.file = options.text("results", "target/results.ndjson");
    options.complete();
  }

  void run() throws IOException {
    // measurement → number → target → one value per round
    var all = new LinkedHashMap<String, Map<String, Map<String, List<Double>>>>();
    for (var text : Files.readAllLines(Path.of(file))) {
      var line = Results.read(text);
      var target = line.get("target").asString();
      var numbers = all.computeIfAbsent(line.get("name").asString(), _ -> new LinkedHashMap<>());
      line.propertyStream()
          .filter(field -> field.getValue().isNumber())
          .forEach(field ->
              numbers
                  .computeIfAbsent(field.getKey(), _ -> new LinkedHashMap<>())
                  .computeIfAbsent(target, _ -> new ArrayList<>())
                  .add(field.getValue().asDouble()));
    }
    all.forEach(Table::print);
  }

  private static void print(String name, Map<String, Map<String, List<Double>>> numbers) {
    var targets = new LinkedHashSet<String>();
    numbers.values().forEach(of -> targets.addAll(of.keySet()));
    var ceilings = targets.stream().filter(t -> !t.equals("server")).toList();
    var head = new StringBuilder("| " + name + " |");
    var rule = new StringBuilder("|---|");
    for (var target : targets) {
      head.append(' ').append(target).append(" |");
      rule.append("---:|");
    }
    if (targets.contains("server")) {
      for (var ceiling : ceilings) {
        head.append(" server ÷ ").append(ceiling).append(" |");
        rule.append("---:|");
      }
    }
    System.out.println("\n" + head + "\n" + rule);
    numbers.forEach((number, of) -> print(number, of, targets, ceilings));
  }

  private static void print(
      String number,
      Map<String, List<Double>> of,
      Iterable<String> targets,
      List<String> ceilings) {
    var row = new StringBuilder("| ").append(number).append(" |");
    for (var target : targets) {
      row.append(' ')
          .append(of.containsKey(target) ? text(median(of.get(target))) : "")
          .append(" |");
    }
    if (of.containsKey("server")) {
      for (var ceiling : ceilings) {
        var ratio =
            of.containsKey(ceiling)
                ? median(of.get("server")) / median(of.get(ceiling))
                : Double.NaN;
        row.append(' ').append(Double.isFinite(ratio) ? "%.2f".formatted(ratio) : "").append(" |");
      }
    }
    System.out.println(row);
  }

  private static double median(List<Double> values) {
    var sorted = values.stream().sorted().toList();
    var middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  private static String text(double value) {
    return value >= 100 || value == Math.rint(value)
        ? "%,d".formatted(Math.round(value)).replace(',', ' ')
        : String.format(Locale.ROOT, "%.2f", value);
  }
}
