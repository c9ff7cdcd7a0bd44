package dev.stitchd.delivery;

/// Why something failed, in as many words as a log, a file and a submitter get.
final class Reason {

  private static final int LENGTH = 300;

  private Reason() {}

  static String of(Throwable failure) {
    var reason = failure instanceof EventSink.Failure known ? known.reason() : failure.toString();
    return reason.length() <= LENGTH ? reason : reason.substring(0, LENGTH) + "…";
  }
}
