package dev.stitchd.ruleset.rollout;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// A variant and its value.
///
/// @param value null if the flag has no such variant, which is refused when saved
public record Outcome(String variant, @Nullable JsonNode value) {}
