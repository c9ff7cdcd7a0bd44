package dev.stitchd.delivery;

/// The kinds of events; each has a table of its own in the event store.
public enum EventKind {
  EVALUATION,
  COUNT,
  TRACK;

  static EventKind of(Event event) {
    return switch (event) {
      case Event.Evaluation _ -> EVALUATION;
      case Event.Count _ -> COUNT;
      case Event.Track _ -> TRACK;
    };
  }
}
