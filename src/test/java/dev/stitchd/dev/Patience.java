package dev.stitchd.dev;

import java.time.Duration;

/// How long tests wait on a machine that does much else: other tests, compilers, other people's
/// work. Waiting costs nothing where all is well.
public final class Patience {

  /// For what comes by itself and is promised for no certain time.
  public static final Duration SOON = Duration.ofSeconds(60);

  /// How much longer than it is promised something may take, since the processors are shared.
  /// `-Dstitchd.slack=PT0S` holds all promises to the letter, on a machine that does nothing else.
  private static final Duration SLACK = Duration.parse(System.getProperty("stitchd.slack", "PT5S"));

  private Patience() {}

  /// For what is promised within a time.
  public static Duration within(Duration promised) {
    return promised.plus(SLACK);
  }

  /// The same.
  public static Duration withinSeconds(long promised) {
    return within(Duration.ofSeconds(promised));
  }
}
