package dev.stitchd.boundary;

import dev.stitchd.kernel.Problem;
import org.jspecify.annotations.Nullable;

/// Undoes one `Content-Encoding`, piece by piece: a piece is made only when it is asked for, so a
/// small body that inflates to a huge one costs no more memory than its reader keeps. One reader at
/// a time; may be closed from any thread.
interface Inflation extends AutoCloseable {

  /// The most bytes of one piece.
  int PIECE = 32 * 1024;

  /// Gives the next input; only when [#next] has answered null.
  void give(byte[] input);

  /// The next piece of output; null if more input is needed or this is closed.
  ///
  /// @throws Problem.Malformed if the input is not what the encoding says
  byte @Nullable [] next();

  /// To be called after the last input.
  ///
  /// @throws Problem.Malformed if the input was cut off
  void end();

  @Override
  void close();
}
