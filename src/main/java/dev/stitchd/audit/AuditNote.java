package dev.stitchd.audit;

import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.Origin;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// What is written to the audit log of one write.
///
/// @param action what was done, as `flag.create` or `flag.targeting.update`
/// @param resource the thing's path below `/api/v1`, as `/projects/web/flags/checkout`, also when
///   it was created
/// @param place the project and environment that it is about
/// @param revisions the environments that the write published to, each at which revision
/// @param before the thing before, null if it was created
/// @param after the thing after, null if it was deleted
public record AuditNote(
    String action,
    String resource,
    Place place,
    Map<String, Long> revisions,
    @Nullable JsonNode before,
    @Nullable JsonNode after) {

  private static final Pattern ACTION = Pattern.compile("[a-z-]+(\\.[a-z-]+)+");

  /// Keys of what a write is about, for who reads the log of one project or environment.
  public record Place(@Nullable String project, @Nullable String environment) {

    /// As the path of the thing says.
    static Place of(String resource) {
      var parts = resource.split("/");
      if (parts.length < 3 || !parts[1].equals("projects")) {
        return new Place(null, null);
      }
      var of = parts.length > 4 && parts[3].equals("flags") ? 5 : 3;
      return new Place(
          parts[2],
          parts.length > of + 1 && parts[of].equals("environments") ? parts[of + 1] : null);
    }
  }

  /// @param by who did it
  /// @param comment why, in their words
  /// @param origin of their request; null for the server's own work
  public record Author(Actor by, @Nullable String comment, @Nullable Origin origin) {}

  public AuditNote {
    if (!ACTION.matcher(action).matches()) {
      throw new IllegalArgumentException(
          "'" + action + "' does not say what was done to which thing, as flag.create does");
    }
    revisions = Map.copyOf(revisions);
  }

  /// A note about what a path names.
  public static AuditNote of(
      String action,
      String resource,
      Map<String, Long> revisions,
      @Nullable JsonNode before,
      @Nullable JsonNode after) {
    return new AuditNote(action, resource, Place.of(resource), revisions, before, after);
  }

  /// What was done: the last word of the action.
  String verb() {
    return action.substring(action.lastIndexOf('.') + 1);
  }

  /// What it was done to: the words before.
  String thing() {
    return action.substring(0, action.lastIndexOf('.'));
  }
}
