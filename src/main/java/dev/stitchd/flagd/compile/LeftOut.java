package dev.stitchd.flagd.compile;

/// Why a flag is not in the set.
///
/// @param path what of the flag's targeting cannot be said, as `rules[0].when`; empty if it is the
///   flag as a whole
/// @param reason a sentence for editors
public record LeftOut(String path, String reason) {}
