package dev.stitchd.segment.upload;

import dev.stitchd.boundary.UnfinishedLine;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Cuts a stream of bytes into records of CSV. A record ends at a line end outside quotes: a line
/// feed, a carriage return, or both. Holds one unfinished record. Confined to one thread at a time.
///
/// It knows where records end and leaves what is in them to the library, which reads to the end of
/// what it is given and cannot be given more afterwards.
final class CsvCutter {

  /// Hears of records, in their order.
  interface Records {

    /// A record without its line end.
    ///
    /// @param line where it begins, from 1
    /// @param bytes not to be kept or changed
    void record(long line, byte[] bytes, int from, int to);

    /// A record that is longer than it may be, or whose quote is never closed.
    void unreadable(long line, String message);
  }

  private enum State {
    /// At the beginning of a cell, where a quote opens one.
    CELL,
    PLAIN,
    QUOTED,
    /// After a quote in a quoted cell, which closes it unless another follows.
    CLOSING
  }

  /// How often the lines after a quote that is never closed are read again, so that their mistakes
  /// are named too. Not without a bound, since each time may cost a record of the longest kind.
  private static final int READ_AGAIN = 20;

  private final int longest;
  private final UnfinishedLine open;
  private byte[] delimiters;
  private State state = State.CELL;
  private boolean skipping;
  private boolean afterReturn;
  private int mark;
  private long line = 1;
  private long begins = 1;
  private int readAgain;
  private @Nullable String lineEnds;

  /// @param longest most bytes of a record
  /// @param delimiters the characters any of which may end a cell of the first record
  CsvCutter(int longest, byte... delimiters) {
    this.longest = longest;
    this.open = new UnfinishedLine(longest);
    this.delimiters = delimiters;
  }

  /// From now on this ends cells, and nothing else does.
  void delimiter(byte only) {
    delimiters = new byte[] {only};
  }

  /// Which line ends were seen: `lf`, `crlf`, `cr` or `mixed`; `none` if there was none.
  String lineEnds() {
    return lineEnds == null ? "none" : lineEnds;
  }

  /// Tells the records that end in these bytes.
  void cut(byte[] bytes, Records records) {
    int from = 0;
    for (int i = 0; i < bytes.length; i++) {
      byte next = bytes[i];
      if (next != '\n' && next != '\r') {
        settleReturn();
        state = after(next);
      } else if (endsLine(next) && state != State.QUOTED) {
        tell(bytes, from, i, records);
        from = i + 1;
      } else if (state != State.QUOTED) {
        from = i + 1; // the second half of a line end
      }
      if (state == State.QUOTED && open.length() + i + 1 - from >= longest) {
        keep(bytes, from, i + 1);
        from = i + 1;
        unclosed("is longer than " + longest + " bytes; a quote may not be closed", records);
      }
    }
    keep(bytes, from, bytes.length);
  }

  /// Tells what came after the last record's end, if anything did.
  void end(Records records) {
    settleReturn();
    while (state == State.QUOTED) {
      unclosed("a quote is not closed", records);
    }
    if (!open.isEmpty()) {
      tell(open.bytes(), 0, 0, records);
    }
  }

  /// Counts a line end; false for a line feed that belongs to the carriage return before it.
  private boolean endsLine(byte next) {
    boolean second = afterReturn && next == '\n';
    if (state != State.QUOTED && second) {
      seen("crlf");
    } else if (!second) {
      settleReturn();
      line++;
    }
    if (state != State.QUOTED && !second && next == '\n') {
      seen("lf");
    }
    afterReturn = next == '\r';
    return !second;
  }

  private void settleReturn() {
    if (afterReturn && state != State.QUOTED) {
      seen("cr");
    }
    afterReturn = false;
  }

  private void seen(String lineEnd) {
    lineEnds = lineEnds == null || lineEnds.equals(lineEnd) ? lineEnd : "mixed";
  }

  private State after(byte next) {
    return switch (state) {
      case CELL -> inCell(next);
      case PLAIN -> delimits(next) ? State.CELL : State.PLAIN;
      case QUOTED -> next == '"' ? State.CLOSING : State.QUOTED;
      case CLOSING -> next == '"' ? State.QUOTED : delimits(next) ? State.CELL : State.PLAIN;
    };
  }

  /// A byte order mark is not in the first cell but before it.
  private State inCell(byte next) {
    if (mark >= 0 && ByteOrderMark.has(next, mark)) {
      mark++;
      return State.CELL;
    }
    mark = -1;
    return next == '"' ? State.QUOTED : delimits(next) ? State.CELL : State.PLAIN;
  }

  private boolean delimits(byte next) {
    for (byte delimiter : delimiters) {
      if (next == delimiter) {
        return true;
      }
    }
    return false;
  }

  private void tell(byte[] bytes, int from, int to, Records records) {
    boolean whole = open.isEmpty() && to - from <= longest;
    if (!whole) {
      keep(bytes, from, to);
    }
    if (open.isTooLong()) {
      records.unreadable(begins, "is longer than " + longest + " bytes");
    } else if (!skipping && whole) {
      records.record(begins, bytes, from, to);
    } else if (!skipping) {
      records.record(begins, open.bytes(), 0, open.length());
    }
    begin(line);
  }

  private void begin(long at) {
    line = at;
    begins = at;
    open.clear();
    skipping = false;
    state = State.CELL;
  }

  /// Calls the line with the quote a mistake and reads those after it as if it had none.
  private void unclosed(String message, Records records) {
    records.unreadable(begins, message);
    var held = Arrays.copyOf(open.bytes(), open.length());
    int next = afterFirstLine(held);
    if (next < 0 || readAgain++ >= READ_AGAIN) {
      begin(line);
      skipping = true;
      state = State.PLAIN;
    } else {
      begin(begins + 1);
      afterReturn = next == held.length && held[next - 1] == '\r';
      cut(Arrays.copyOfRange(held, next, held.length), records);
    }
  }

  private static int afterFirstLine(byte[] held) {
    for (int i = 0; i < held.length; i++) {
      if (held[i] == '\n') {
        return i + 1;
      }
      if (held[i] == '\r') {
        return i + 1 < held.length && held[i + 1] == '\n' ? i + 2 : i + 1;
      }
    }
    return -1;
  }

  private void keep(byte[] bytes, int from, int to) {
    if (!skipping) {
      open.add(bytes, from, to);
    }
  }
}
