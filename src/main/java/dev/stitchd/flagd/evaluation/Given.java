package dev.stitchd.flagd.evaluation;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.stitchd.kernel.Problem;
import dev.stitchd.ruleset.ErrorCode;
import dev.stitchd.ruleset.Evaluation;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What a flag gave, in the protocol's terms. Immutable.
///
/// @param value as the field of the answer has it
/// @param variant its name
/// @param reason in OpenFeature's words
/// @param metadata the rule that decided, and what was missing
record Given(Object value, String variant, String reason, Struct metadata) {

  /// What an evaluation means to a caller who wanted some kind of value.
  ///
  /// @throws Problem.NotFound if there is no such flag
  /// @throws Problem.Invalid if the flag gives something else
  /// @throws StatusRuntimeException if the flag cannot be evaluated
  static Given of(Evaluation evaluation, Wanted wanted) {
    var key = evaluation.flagKey();
    var error = evaluation.error();
    var value = evaluation.value();
    var variant = evaluation.variant();
    if (value == null || variant == null) {
      throw failed(key, error == null ? ErrorCode.GENERAL : error);
    }
    var mismatch = mismatch(evaluation, wanted);
    if (mismatch != null) {
      throw new Problem.Invalid("type-mismatch", mismatch, List.of());
    }
    return new Given(
        wanted.value(value), variant, evaluation.reason().word(), metadata(evaluation));
  }

  /// Whether a caller who wanted some kind of value is given one.
  static boolean isTaken(Evaluation evaluation, Wanted wanted) {
    return evaluation.value() == null || mismatch(evaluation, wanted) == null;
  }

  private static RuntimeException failed(String key, ErrorCode error) {
    var details = error.details(key);
    return switch (error) {
      case FLAG_NOT_FOUND -> new Problem.NotFound(details);
      case PARSE_ERROR -> Status.DATA_LOSS.withDescription(details).asRuntimeException();
      case TARGETING_KEY_MISSING, GENERAL ->
          Status.INTERNAL.withDescription(details).asRuntimeException();
    };
  }

  /// Why what a flag gives is not what was wanted; null if it is.
  private static @Nullable String mismatch(Evaluation evaluation, Wanted wanted) {
    var type = evaluation.type();
    return type != null && wanted.takes(type)
        ? obstacle(evaluation)
        : "flag '%s' is of type %s, and %s was asked for"
            .formatted(evaluation.flagKey(), type == null ? "unknown" : type.wire(), wanted.text());
  }

  /// Why this protocol cannot carry what a flag gave; null if it can.
  static @Nullable String obstacle(Evaluation evaluation) {
    return switch (evaluation.value()) {
      case ObjectNode object when Structs.write(object) == null ->
          "variant '%s' of flag '%s' holds a whole number beyond what 64 bits of floating point tell apart, or nests deeper than this protocol carries: use OFREP for it"
              .formatted(evaluation.variant(), evaluation.flagKey());
      case JsonNode list when list.isArray() ->
          "variant '%s' of flag '%s' is a list, which this protocol cannot carry: use OFREP for it, or put the list into an object"
              .formatted(evaluation.variant(), evaluation.flagKey());
      case null -> details(evaluation);
      default -> null;
    };
  }

  private static String details(Evaluation evaluation) {
    var error = evaluation.error();
    return (error == null ? ErrorCode.GENERAL : error).details(evaluation.flagKey());
  }

  static Struct metadata(Evaluation evaluation) {
    var metadata = Struct.newBuilder();
    var rule = evaluation.ruleId();
    if (rule != null) {
      metadata.putFields("ruleId", text(rule));
    }
    var unsupported = evaluation.unsupported();
    if (unsupported != null) {
      metadata.putFields("unsupported", text(unsupported));
    }
    if (evaluation.degraded()) {
      metadata.putFields("degraded", Value.newBuilder().setBoolValue(true).build());
    }
    return metadata.build();
  }

  static Value text(String text) {
    return Value.newBuilder().setStringValue(text).build();
  }
}
