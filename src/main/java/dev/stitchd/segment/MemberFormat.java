package dev.stitchd.segment;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// How a list is written down, a member on each line.
public enum MemberFormat {
  CSV("text/csv", CsvLines::new),
  NDJSON("application/x-ndjson", JsonLines::new);

  /// Reads one line after another; confined to one thread.
  interface LineReader {

    /// @param line the number of the line, from 1
    void read(byte[] bytes, int from, int to, long line, Found found);
  }

  private final String mediaType;
  private final Function<MemberSide, LineReader> reader;

  MemberFormat(String mediaType, Function<MemberSide, LineReader> reader) {
    this.mediaType = mediaType;
    this.reader = reader;
  }

  /// Without parameters, as `text/csv`.
  public String mediaType() {
    return mediaType;
  }

  /// The format that a media type names; null if there is none.
  public static @Nullable MemberFormat of(String mediaType) {
    for (var format : values()) {
      if (format.mediaType.equalsIgnoreCase(mediaType)) {
        return format;
      }
    }
    return null;
  }

  /// @param side where members go whose line does not say
  LineReader reader(MemberSide side) {
    return reader.apply(side);
  }
}
