package dev.stitchd.ingest;

import dev.stitchd.delivery.Event;
import dev.stitchd.kernel.EnvironmentId;
import java.util.function.Predicate;

/// Who sends events, and what they may send.
///
/// @param evaluationsOnly whether `count` is refused
/// @param keysArePrivate whether the environment lets nobody store a context's key
/// @param maySee the flags that they may name
record Sender(
    EnvironmentId environment,
    Event.Source source,
    boolean evaluationsOnly,
    boolean keysArePrivate,
    Predicate<String> maySee) {}
