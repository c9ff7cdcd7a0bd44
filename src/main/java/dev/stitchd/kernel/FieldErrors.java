package dev.stitchd.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// Collects everything wrong with one request, so that a caller hears it all at once. Confined to
/// one thread; keeps the first [#MOST] errors and says how many more there were.
public final class FieldErrors {

  /// How many errors one answer lists.
  public static final int MOST = 100;

  private final List<FieldError> errors = new ArrayList<>();
  private int more;
  private boolean malformed;

  /// Notes one error.
  public void add(String path, String message) {
    if (errors.size() < MOST) {
      errors.add(new FieldError(path, message));
    } else {
      more++;
    }
  }

  /// Notes an error of form: an unknown field, a wrong JSON type. It makes the whole request
  /// malformed (400) rather than invalid (422).
  public void addMalformed(String path, String message) {
    malformed = true;
    add(path, message);
  }

  /// Notes all that others noted.
  public void addAll(FieldErrors others) {
    others.errors.forEach(error -> add(error.path(), error.message()));
    more += others.more;
    malformed |= others.malformed;
  }

  /// Whether more would only be counted.
  boolean isFull() {
    return errors.size() >= MOST;
  }

  public boolean isEmpty() {
    return errors.isEmpty();
  }

  /// What was noted, in order; when some were left off, a last entry says how many.
  public List<FieldError> list() {
    var all = new ArrayList<>(errors);
    if (more > 0) {
      all.add(new FieldError("", "and " + more + " more"));
    }
    return List.copyOf(all);
  }

  /// The first of what was noted, in words.
  public String text() {
    var first = errors.stream().limit(3).map(FieldErrors::text).collect(Collectors.joining("; "));
    int others = errors.size() + more - 3;
    return others > 0 ? first + "; and " + others + " more" : first;
  }

  private static String text(FieldError error) {
    return error.path().isEmpty() ? error.message() : error.path() + ": " + error.message();
  }

  /// Ends a request in which anything is wrong.
  ///
  /// @throws Problem.Malformed with all errors, if any is one of form
  /// @throws Problem.Invalid with all errors, if there are others
  public void throwIfAny() {
    if (malformed) {
      throw new Problem.Malformed("the request body has fields that cannot be read", list());
    }
    if (!isEmpty()) {
      throw new Problem.Invalid(list());
    }
  }
}
