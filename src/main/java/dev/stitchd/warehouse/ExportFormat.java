package dev.stitchd.warehouse;

/// How events leave.
public enum ExportFormat {
  NDJSON("application/x-ndjson", "ndjson"),
  CSV("text/csv;charset=utf-8", "csv"),
  PARQUET("application/vnd.apache.parquet", "parquet");

  private final String mediaType;
  private final String extension;

  ExportFormat(String mediaType, String extension) {
    this.mediaType = mediaType;
    this.extension = extension;
  }

  public String mediaType() {
    return mediaType;
  }

  /// Of a file's name, without the dot.
  public String extension() {
    return extension;
  }

  /// ClickHouse's name of it.
  ///
  /// @param first whether these are the first bytes of an answer that is put together from slices
  public String inClickHouse(boolean first) {
    return switch (this) {
      case NDJSON -> "JSONEachRow";
      case CSV -> first ? "CSVWithNames" : "CSV";
      case PARQUET -> "Parquet";
    };
  }

  /// Whether answers may be put behind each other.
  public boolean isSliced() {
    return this != PARQUET;
  }

  /// What a whole answer ends with. ClickHouse may put an error behind rows that it has sent
  /// already; no error ends like this, since the last column is a string.
  public String ending() {
    return switch (this) {
      case NDJSON -> "}\n";
      case CSV -> "\"\n";
      case PARQUET -> "PAR1";
    };
  }
}
