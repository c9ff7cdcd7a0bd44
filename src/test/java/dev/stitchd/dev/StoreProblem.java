package dev.stitchd.dev;

/// Why a store cannot be had. The message is one sentence for the person at the terminal: what is
/// missing and what to do about it.
public final class StoreProblem extends RuntimeException {

  private static final long serialVersionUID = 1L;

  StoreProblem(String sentence) {
    super(sentence);
  }

  StoreProblem(String sentence, Throwable cause) {
    super(sentence, cause);
  }

  /// Puts an input or output failure into a sentence; a full disk is told apart.
  static StoreProblem during(String what, java.io.IOException cause) {
    var reason = String.valueOf(cause.getMessage());
    return reason.contains("No space left") || reason.contains("not enough space")
        ? new StoreProblem(
            "The disk is full (%s): free about 1 GB and run the command again.".formatted(what),
            cause)
        : new StoreProblem("%s failed: %s".formatted(what, reason), cause);
  }
}
