package dev.stitchd.segment.upload;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvReader.CsvReaderBuilder;
import dev.stitchd.kernel.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/// CSV (RFC 4180) with a key on each line, and perhaps `included` or `excluded`. The first record
/// says what the columns are: a header that names `key`, and perhaps `list` and others, in any
/// order; without one the key comes first and its side second. A quoted cell may hold anything.
///
/// Text goes through the library with one byte in each character, so that keys keep their bytes and
/// what is not UTF-8 is found afterwards.
final class CsvRecords implements LineReader {

  /// The longest record: a key of the longest kind, quoted, and other columns.
  private static final int LONGEST = 8 * 1024;

  private static final byte[] DELIMITERS = {',', ';', '\t', '|'};

  private static final String BAD_SIDE =
      "the second column must be included or excluded, and the last";

  private final boolean otherwise;
  private final CsvCutter cutter = new CsvCutter(LONGEST, DELIMITERS);
  private CsvColumns columns = CsvColumns.without(DELIMITERS[0]);
  private CsvCells cells = new CsvCells(columns);
  private CsvReaderBuilder reader = reader(DELIMITERS[0]);
  private boolean begun;
  private boolean marked;

  CsvRecords(boolean otherwise) {
    this.otherwise = otherwise;
  }

  @Override
  public ObjectNode recognized() {
    var form =
        Json.object()
            .put("format", "csv")
            .put("byteOrderMark", marked)
            .put("lineEnds", cutter.lineEnds())
            .put("delimiter", String.valueOf((char) columns.delimiter()));
    columns.names().forEach(form.putArray("header")::add);
    columns.ignored().forEach(form.putArray("ignored")::add);
    return form;
  }

  @Override
  public void read(byte[] bytes, Lines lines) {
    cutter.cut(bytes, records(lines));
  }

  @Override
  public void end(Lines lines) {
    cutter.end(records(lines));
  }

  private CsvCutter.Records records(Lines lines) {
    return new CsvCutter.Records() {
      @Override
      public void record(long line, byte[] bytes, int from, int to) {
        CsvRecords.this.record(line, bytes, from, to, lines);
      }

      @Override
      public void unreadable(long line, String message) {
        lines.mistake(line, message);
      }
    };
  }

  private void record(long line, byte[] bytes, int start, int to, Lines lines) {
    if (line == 1) {
      marked = ByteOrderMark.leads(bytes, start, to);
    }
    int from = line == 1 && marked ? start + ByteOrderMark.LENGTH : start;
    if (from == to) {
      lines.mistake(line, "the line is empty");
      return;
    }
    var text = new String(bytes, from, to - from, ISO_8859_1);
    if (begun || !isHeader(line, text, lines)) {
      row(line, text, lines);
    }
  }

  /// Finds out what the columns are, from the first record.
  private boolean isHeader(long line, String text, Lines lines) {
    begun = true;
    var found = columns(text);
    columns = found == null ? columns : found;
    cells = new CsvCells(columns);
    reader = reader(columns.delimiter());
    cutter.delimiter(columns.delimiter());
    var problem = columns.problem();
    if (problem != null) {
      lines.mistake(line, problem);
    }
    return columns.hasHeader();
  }

  private static @Nullable CsvColumns columns(String text) {
    for (byte delimiter : DELIMITERS) {
      var found = CsvColumns.of(delimiter, split(text, delimiter));
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private static List<String> split(String text, byte delimiter) {
    try {
      return reader(delimiter).ofSingleCsvRecord(text).getFields();
    } catch (CsvParseException e) {
      return List.of();
    }
  }

  private void row(long line, String text, Lines lines) {
    if (!isRead(text)) {
      lines.mistake(line, "a quote is not closed, or something follows it");
      return;
    }
    var wrong = problem(text);
    if (wrong != null) {
      lines.mistake(line, wrong);
    } else {
      lines.member(line, cells.key, 0, cells.keyLength, isIncluded());
    }
  }

  private boolean isRead(String text) {
    try {
      return reader.ofSingleCsvRecord(cells, text);
    } catch (CsvParseException e) {
      return false;
    }
  }

  private @Nullable String problem(String text) {
    boolean isSide = cells.list.isBlank() || CsvColumns.isSide(cells.list);
    if (columns.hasHeader()) {
      return cells.count <= columns.key()
          ? "has no key"
          : cells.count > columns.names().size()
              ? "has more columns than the header; a key that holds the delimiter must be quoted"
              : isSide ? null : "list must be included or excluded";
    }
    return cells.count > 2 || !isSide
        ? BAD_SIDE
        : hasOtherDelimiter(text)
            ? "has a delimiter that only a header can tell: begin the file with a line that names key and list"
            : null;
  }

  /// Whether a record without a header is one cell only because its delimiter was not recognised.
  private boolean hasOtherDelimiter(String text) {
    if (cells.count != 1 || cells.keyIsQuoted || !text.endsWith("cluded")) {
      return false;
    }
    for (byte delimiter : DELIMITERS) {
      if (text.endsWith((char) delimiter + "included")
          || text.endsWith((char) delimiter + "excluded")) {
        return true;
      }
    }
    return false;
  }

  private boolean isIncluded() {
    return cells.list.isBlank() ? otherwise : cells.list.strip().equals("included");
  }

  private static CsvReaderBuilder reader(byte delimiter) {
    return CsvReader.builder()
        .fieldSeparator((char) delimiter)
        .allowUnclosedQuote(false)
        .skipEmptyLines(false);
  }
}
