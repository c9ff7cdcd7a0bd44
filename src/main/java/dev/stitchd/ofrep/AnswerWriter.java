package dev.stitchd.ofrep;

import dev.stitchd.endpoint.Client;
import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.Evaluation;
import java.io.ByteArrayOutputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// OFREP's bodies, written straight to bytes. Metadata holds booleans, strings and numbers only,
/// because clients drop the rest.
final class AnswerWriter {

  private static final int ONE = 256;

  private AnswerWriter() {}

  /// The answer for one flag that gave a value.
  static byte[] one(Evaluation evaluation) {
    var bytes = new ByteArrayOutputStream(ONE);
    try (var json = Json.generator(bytes)) {
      write(json, evaluation);
    }
    return bytes.toByteArray();
  }

  /// The answer for all flags. A public key is not told the environment's revision: that changes
  /// with flags that it may not see, and the answer must not.
  ///
  /// @param stream where the client hears of changes; null if it cannot be told
  static byte[] all(
      Client client, List<Evaluation> evaluations, EventStreamLink.@Nullable Target stream) {
    var bytes = new ByteArrayOutputStream(ONE * (1 + evaluations.size()));
    try (var json = Json.generator(bytes)) {
      json.writeStartObject();
      json.writeArrayPropertyStart("flags");
      for (var evaluation : evaluations) {
        write(json, evaluation);
      }
      json.writeEndArray();
      json.writeObjectPropertyStart("metadata");
      json.writeStringProperty("environment", client.snapshot().environmentKey());
      if (!client.isPublic()) {
        json.writeNumberProperty("revision", client.snapshot().revision());
      }
      json.writeEndObject();
      if (stream != null) {
        write(json, stream);
      }
      json.writeEndObject();
    }
    return bytes.toByteArray();
  }

  /// The body of an error.
  ///
  /// @param key the flag asked for; null for a bulk request
  static byte[] error(@Nullable String key, String code, String details) {
    var body = Json.object();
    if (key != null) {
      body.put("key", key);
    }
    return Json.writeBytes(body.put("errorCode", code).put("errorDetails", details));
  }

  private static void write(JsonGenerator json, EventStreamLink.Target stream) {
    json.writeArrayPropertyStart("eventStreams");
    json.writeStartObject();
    json.writeStringProperty("type", "sse");
    json.writeObjectPropertyStart("endpoint");
    json.writeStringProperty("requestUri", stream.requestUri());
    json.writeEndObject();
    json.writeNumberProperty("inactivityDelaySec", stream.inactivitySeconds());
    json.writeEndObject();
    json.writeEndArray();
  }

  private static void write(JsonGenerator json, Evaluation evaluation) {
    json.writeStartObject();
    json.writeStringProperty("key", evaluation.flagKey());
    var error = evaluation.error();
    if (error == null) {
      writeValue(json, evaluation);
    } else {
      json.writeStringProperty("errorCode", error.name());
      json.writeStringProperty("errorDetails", error.details(evaluation.flagKey()));
    }
    json.writeEndObject();
  }

  private static void writeValue(JsonGenerator json, Evaluation evaluation) {
    json.writeName("value");
    json.writeTree(evaluation.value());
    json.writeStringProperty("reason", evaluation.reason().word());
    json.writeStringProperty("variant", evaluation.variant());
    var rule = evaluation.ruleId();
    var unsupported = evaluation.unsupported();
    if (rule != null || unsupported != null || evaluation.degraded()) {
      json.writeObjectPropertyStart("metadata");
      if (rule != null) {
        json.writeStringProperty("ruleId", rule);
      }
      if (unsupported != null) {
        json.writeStringProperty("unsupported", unsupported);
      }
      if (evaluation.degraded()) {
        json.writeBooleanProperty("degraded", true);
      }
      json.writeEndObject();
    }
  }
}
