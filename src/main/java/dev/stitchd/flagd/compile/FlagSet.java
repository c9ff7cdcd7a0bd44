package dev.stitchd.flagd.compile;

import java.util.List;
import java.util.SequencedMap;

/// An environment's flags as flagd's providers read them.
///
/// @param json what `flagd.sync.v1` calls the flag configuration
/// @param leftOut the flags that are not in it, by key and in their order, and why
public record FlagSet(String json, SequencedMap<String, List<LeftOut>> leftOut) {}
