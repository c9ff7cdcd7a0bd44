package dev.stitchd.kernel;

/// Settings with a rule that neither their types nor [Allowed] say. Checked with all others before
/// anything starts.
public interface CheckedSettings {

  /// @throws StartFailure that names the variable and says what it may be
  void check();
}
