package dev.stitchd.resource;

import java.util.SortedMap;
import tools.jackson.databind.node.ObjectNode;

/// A committed write.
///
/// @param resource the resource as it is now, as the API answers it
/// @param version its version
/// @param revisions which environments it published to, at which revision; empty if it published
///   nothing
public record Written(ObjectNode resource, long version, SortedMap<String, Long> revisions) {}
