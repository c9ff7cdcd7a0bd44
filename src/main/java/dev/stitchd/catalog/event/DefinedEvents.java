package dev.stitchd.catalog.event;

import dev.stitchd.kernel.EnvironmentId;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// The events that environments define, read with the rights of the SDK plane.
public interface DefinedEvents {

  /// One definition.
  ///
  /// @param allowedProperties the names that properties may have; null for any
  record Definition(String key, EventValue value, @Nullable Set<String> allowedProperties) {
    public Definition {
      allowedProperties = allowedProperties == null ? null : Set.copyOf(allowedProperties);
    }
  }

  /// All definitions of an environment as of an access version, read in one statement.
  record Defined(long accessVersion, List<Definition> definitions) {
    public Defined {
      definitions = List.copyOf(definitions);
    }
  }

  /// Reads an environment's definitions; empty if there is no such environment. Fails with
  /// [dev.stitchd.kernel.Problem.Unavailable]; on an R2DBC event loop.
  Mono<Defined> load(EnvironmentId environment);
}
