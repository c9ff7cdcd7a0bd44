package dev.stitchd.ruleset;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// A variant and its value.
///
/// @param value null if the flag has no such variant, which is refused when saved
record Outcome(String variant, @Nullable JsonNode value) {}
