package dev.stitchd.catalog.segment;

import dev.stitchd.resource.ResourcePath;

/// A segment as a request names it.
public record SegmentPath(String project, String environment, String segment) {

  /// The resource's path, as the audit log has it.
  @Override
  public String toString() {
    return ResourcePath.environment(project, environment) + "/segments/" + segment;
  }
}
