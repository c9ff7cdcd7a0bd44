package dev.stitchd.resource;

import dev.stitchd.kernel.FieldError;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A resource as files have it: by its key, and without what belongs to one installation.
public final class PortableBody {

  private static final Set<String> OWN =
      Set.of(
          "id",
          "key",
          "version",
          "createdAt",
          "createdBy",
          "updatedAt",
          "updatedBy",
          "list",
          "revision");

  private PortableBody() {}

  /// The resource for a file.
  public static ObjectNode of(Resource resource) {
    var body = resource.body();
    var _ = body.remove(OWN);
    return body;
  }

  /// The body that a request would have.
  ///
  /// @throws Problem.Malformed if it is no object, or says a key again
  public static ObjectNode withKey(String key, JsonNode body) {
    if (!(body instanceof ObjectNode object)) {
      throw new Problem.Malformed(
          "a file names resources by key", List.of(new FieldError("", "must be an object")));
    }
    if (object.has("key")) {
      throw new Problem.Malformed(
          "a file names resources by key",
          List.of(new FieldError("key", "is not a field of this object: its name is the key")));
    }
    var named = Json.object().put("key", key);
    named.setAll(object);
    return named;
  }

  /// The keys of a collection, which are unique whatever their case.
  public static final class Keys {

    private final Set<String> inAnyCase = new HashSet<>();

    /// Keys that are taken.
    public Keys(Set<String> taken) {
      taken.forEach(key -> inAnyCase.add(key.toLowerCase(Locale.ROOT)));
    }

    /// Takes a new key.
    ///
    /// @throws Problem.Conflict if there is one that differs by its case alone
    public void take(String key) {
      if (!inAnyCase.add(key.toLowerCase(Locale.ROOT))) {
        throw new Problem.Conflict("key-taken", "there is one whose key differs by its case alone");
      }
    }

    /// How many there are.
    public int size() {
      return inAnyCase.size();
    }
  }
}
