package dev.stitchd.permission;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a request's path leads to, as far as permissions depend on it.
///
/// @param project the key of the project that it lies in
/// @param environment the key of the environment that it lies in
/// @param production whether that environment is marked `production`
/// @param productions the keys of the project's environments that are marked so
/// @param servedIn those of them that serve the flag in the path
public record PathScope(
    @Nullable String project,
    @Nullable String environment,
    boolean production,
    Set<String> productions,
    Set<String> servedIn) {

  /// Outside of every project.
  public static final PathScope TENANT = new PathScope(null, null, false, Set.of(), Set.of());

  /// An environment.
  public static PathScope of(String project, String environment, boolean production) {
    return new PathScope(project, environment, production, Set.of(), Set.of());
  }

  /// A project, with its production environments.
  public static PathScope of(String project, Set<String> productions) {
    return new PathScope(project, null, false, productions, Set.of());
  }

  public PathScope {
    productions = Set.copyOf(productions);
    servedIn = Set.copyOf(servedIn);
  }

  /// The same with the production environments that serve the flag.
  public PathScope servedIn(Set<String> environments) {
    return new PathScope(project, environment, production, productions, environments);
  }
}
