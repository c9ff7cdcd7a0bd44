package dev.stitchd.segment;

import dev.stitchd.segment.upload.LineReader;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// How a list is written down, a member on each line.
public enum MemberFormat {
  CSV("text/csv", LineReader::csv),
  NDJSON("application/x-ndjson", LineReader::ndjson);

  private final String mediaType;
  private final Function<Boolean, LineReader> reader;

  MemberFormat(String mediaType, Function<Boolean, LineReader> reader) {
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
    return reader.apply(side.isIncluded());
  }
}
