package dev.stitchd.segment.upload;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Where a CSV file has its keys and their sides.
///
/// @param names the header's names, none if there is no header
/// @param key the column of the key, from 0
/// @param list the column of the side; −1 if there is none
record CsvColumns(byte delimiter, List<String> names, int key, int list) {

  private static final String KEY = "key";
  private static final String LIST = "list";

  /// The columns of a file whose first record has these cells; null unless it is a header, or names
  /// a side in its second and last cell.
  static @Nullable CsvColumns of(byte delimiter, List<String> cells) {
    if (cells.size() == 2 && isSide(cells.getLast())) {
      return without(delimiter);
    }
    var names = cells.stream().map(CsvColumns::name).toList();
    return column(names, KEY) < 0
        ? null
        : new CsvColumns(delimiter, names, column(names, KEY), column(names, LIST));
  }

  /// A file without a header: the key, and the side if it says one.
  static CsvColumns without(byte delimiter) {
    return new CsvColumns(delimiter, List.of(), 0, 1);
  }

  boolean hasHeader() {
    return !names.isEmpty();
  }

  /// What the header says that cannot be so; null if nothing is.
  @Nullable String problem() {
    return count(KEY) > 1 || count(LIST) > 1 ? "the header names key or list twice" : null;
  }

  /// The names of the columns that are not read.
  List<String> ignored() {
    return IntStream.range(0, names.size())
        .filter(i -> i != key && i != list)
        .mapToObj(names::get)
        .toList();
  }

  static boolean isSide(String cell) {
    return cell.strip().equals("included") || cell.strip().equals("excluded");
  }

  private long count(String wanted) {
    return names.stream().filter(name -> folded(name).equals(wanted)).count();
  }

  private static int column(List<String> names, String wanted) {
    return names.stream().map(CsvColumns::folded).toList().indexOf(wanted);
  }

  private static String folded(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  /// Cells are bytes, one in each character.
  private static String name(String cell) {
    return new String(cell.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8).strip();
  }
}
