package dev.stitchd.kernel;

/// One thing wrong with a request.
///
/// @param path where, as `rules[2].when.op`; empty for the body itself
/// @param message what is wrong and, where it helps, what would be right
public record FieldError(String path, String message) {}
