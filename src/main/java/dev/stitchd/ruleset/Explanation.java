package dev.stitchd.ruleset;

import tools.jackson.databind.node.ObjectNode;

/// What a flag gives to a context, and why.
///
/// @param trace every step with what it saw and how it came out, as JSON that a person can read;
///   hidden attributes are masked
public record Explanation(Evaluation evaluation, ObjectNode trace) {}
