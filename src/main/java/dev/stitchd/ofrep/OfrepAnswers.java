package dev.stitchd.ofrep;

import dev.stitchd.boundary.Failures;
import dev.stitchd.endpoint.HttpAnswer;
import dev.stitchd.kernel.Problem;
import dev.stitchd.ruleset.ErrorCode;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Refuses as OFREP's clients expect it. Every refusal has a JSON body with an error code and, for
/// one flag, its key: some clients fail on anything less, whatever the specification says.
final class OfrepAnswers {

  private static final String JSON = "application/json";

  private OfrepAnswers() {}

  /// A flag that could not be evaluated.
  static HttpAnswer failed(String key, ErrorCode error) {
    int status =
        switch (error) {
          case FLAG_NOT_FOUND -> 404;
          case PARSE_ERROR, TARGETING_KEY_MISSING -> 400; // as OFREP has it, whoever is to blame
          case GENERAL -> 500;
        };
    return HttpAnswer.of(status, JSON, AnswerWriter.error(key, error.name(), error.details(key)));
  }

  /// A request that could not be served.
  ///
  /// @param key the flag asked for; null if it was not about one
  static HttpAnswer refused(Failures.Refusal refusal, @Nullable String key) {
    return HttpAnswer.of(
        status(refusal), JSON, AnswerWriter.error(key, code(refusal.problem()), details(refusal)));
  }

  /// These bodies have no list of mistakes, so the text names them.
  private static String details(Failures.Refusal refusal) {
    return refusal.problem() instanceof Problem.Malformed malformed && !malformed.errors().isEmpty()
        ? malformed.errors().stream()
            .map(error -> error.path() + " " + error.message())
            .collect(Collectors.joining("; "))
        : refusal.detail();
  }

  private static int status(Failures.Refusal refusal) {
    return refusal.problem() instanceof Problem.Invalid
        ? 400 // OFREP has no 422
        : refusal.status().value();
  }

  private static String code(@Nullable Problem problem) {
    return switch (problem) {
      case Problem.Malformed _, Problem.TooLarge _, Problem.UnsupportedMedia _ -> "PARSE_ERROR";
      case Problem.Invalid _ -> "INVALID_CONTEXT";
      case Problem.Unauthenticated _,
          Problem.Forbidden _,
          Problem.NotFound _,
          Problem.MethodNotAllowed _,
          Problem.StaleVersion _,
          Problem.Conflict _,
          Problem.VersionRequired _,
          Problem.TooMany _,
          Problem.Unavailable _ ->
          "GENERAL";
      case null -> "GENERAL";
    };
  }
}
