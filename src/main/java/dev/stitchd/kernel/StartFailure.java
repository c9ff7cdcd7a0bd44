package dev.stitchd.kernel;

import org.jspecify.annotations.Nullable;

/// The process cannot start, and a person can change that: the message says how, in one sentence,
/// and is all that is printed.
public final class StartFailure extends RuntimeException {

  public StartFailure(String whatToDo, @Nullable Throwable cause) {
    super(whatToDo, cause);
  }
}
