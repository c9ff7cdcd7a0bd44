package dev.stitchd.resource;

/// Paths of resources, as the audit log has them.
public final class ResourcePath {

  private ResourcePath() {}

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
