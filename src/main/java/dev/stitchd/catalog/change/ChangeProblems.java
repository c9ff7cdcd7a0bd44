package dev.stitchd.catalog.change;

import dev.stitchd.kernel.FieldError;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Problem;
import java.util.ArrayList;
import java.util.List;

/// What is wrong with the changes of one set, told together: as malformed if one cannot be read, as
/// invalid if one cannot be done, then as one that names no version, then as a conflict. Confined
/// to one thread.
final class ChangeProblems {

  private final FieldErrors ofSet = new FieldErrors();
  private final FieldErrors found = new FieldErrors();
  private final List<Problem> problems = new ArrayList<>();

  /// What is wrong with the set itself.
  FieldErrors ofSet() {
    return ofSet;
  }

  /// Whether it is something that is wrong with one change, whatever the others are.
  static boolean isOfOne(Problem problem) {
    return switch (problem) {
      case Problem.Malformed _,
          Problem.NotFound _,
          Problem.Invalid _,
          Problem.VersionRequired _,
          Problem.StaleVersion _,
          Problem.Conflict _ ->
          true;
      default -> false;
    };
  }

  /// @param at where the change stands, as `changes[1]`
  void add(String at, Problem problem) {
    problems.add(problem);
    var malformed = problem instanceof Problem.Malformed;
    for (var error : located(at, problem)) {
      if (malformed) {
        found.addMalformed(error.path(), error.message());
      } else {
        found.add(error.path(), error.message());
      }
    }
  }

  /// @throws Problem if there is any
  void throwIfAny() {
    var errors = new FieldErrors();
    errors.addAll(ofSet);
    errors.addAll(found);
    if (!ofSet.isEmpty() || !problems.stream().allMatch(ChangeProblems::isOfState)) {
      throwRead(errors);
    } else if (problems.isEmpty()) {
      return;
    } else if (problems.stream().anyMatch(Problem.VersionRequired.class::isInstance)) {
      throw new Problem.VersionRequired(
          "writes of this set need the version that they were made against, as \"ifMatch\": \"7\"; see errors",
          errors.list());
    } else {
      throw new Problem.Conflict(
          problems.getFirst().code(),
          "the set cannot be done as things are; see errors",
          errors.list());
    }
  }

  private void throwRead(FieldErrors errors) {
    var codes = problems.stream().filter(p -> !isOfState(p)).map(Problem::code).distinct().toList();
    if (ofSet.isEmpty() && codes.equals(List.of("too-many-slots"))) {
      throw new Problem.Invalid(
          codes.getFirst(),
          "a rollout would need more slots than there may be; see errors",
          errors.list());
    }
    errors.throwIfAny();
  }

  private static boolean isOfState(Problem problem) {
    return problem instanceof Problem.VersionRequired
        || problem instanceof Problem.StaleVersion
        || problem instanceof Problem.Conflict;
  }

  private static List<FieldError> located(String at, Problem problem) {
    if (problem instanceof Problem.Conflict) {
      return problem.errors().isEmpty()
          ? List.of(new FieldError(at, problem.detail()))
          : problem.errors().stream()
              .map(e -> new FieldError(at, problem.detail() + ": " + e.path() + " " + e.message()))
              .toList();
    }
    if (problem.errors().isEmpty()) {
      return List.of(new FieldError(at + part(problem), problem.detail()));
    }
    return problem.errors().stream()
        .map(e ->
            new FieldError(at + ".body" + (e.path().isEmpty() ? "" : "." + e.path()), e.message()))
        .toList();
  }

  private static String part(Problem problem) {
    return switch (problem) {
      case Problem.NotFound _ -> ".path";
      case Problem.VersionRequired _, Problem.StaleVersion _ -> ".ifMatch";
      default -> ".body";
    };
  }
}
