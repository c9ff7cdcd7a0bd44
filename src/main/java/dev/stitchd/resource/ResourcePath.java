package dev.stitchd.resource;

import java.nio.charset.StandardCharsets;
import org.springframework.web.util.UriUtils;

/// Paths of resources, as the audit log has them.
public final class ResourcePath {

  private ResourcePath() {}

  /// A key as a part of an address.
  public static String part(String key) {
    return UriUtils.encodePathSegment(key, StandardCharsets.UTF_8);
  }

  public static String tenant(String tenant) {
    return "/tenants/" + tenant;
  }

  public static String project(String project) {
    return "/projects/" + project;
  }

  public static String environment(String project, String environment) {
    return project(project) + "/environments/" + environment;
  }
}
