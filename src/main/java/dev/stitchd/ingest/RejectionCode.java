package dev.stitchd.ingest;

import java.util.Locale;

/// Why a single event is not taken; stable and documented (`docs/problems.md`).
enum RejectionCode {
  MALFORMED,
  TOO_LARGE,
  UNKNOWN_TYPE,
  UNKNOWN_EVENT,
  NOT_ALLOWED,
  NOT_VISIBLE,
  MISSING_ID,
  BAD_ID,
  MISSING_FIELD,
  BAD_FLAG,
  BAD_COUNT,
  BAD_EVENT,
  BAD_VALUE,
  PROPERTY_NOT_ALLOWED,
  BAD_AT,
  MISSING_AT,
  AT_OUT_OF_RANGE,
  TEXT_NOT_STORABLE,
  NUMBER_NOT_STORABLE,
  REFUSED_BY_STORE;

  /// As it is written on the wire.
  String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
