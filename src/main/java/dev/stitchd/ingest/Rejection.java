package dev.stitchd.ingest;

/// Ends the reading of one event; an outcome, not a defect, so it has no stack trace.
final class Rejection extends RuntimeException {

  private final RejectionCode code;

  Rejection(RejectionCode code, String detail) {
    super(detail, null, false, false);
    this.code = code;
  }

  RejectionCode code() {
    return code;
  }

  String detail() {
    return String.valueOf(getMessage());
  }
}
