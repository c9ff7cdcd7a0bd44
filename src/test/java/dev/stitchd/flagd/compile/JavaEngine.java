package dev.stitchd.flagd.compile;

import dev.openfeature.contrib.providers.flagd.Config;
import dev.openfeature.contrib.providers.flagd.FlagdOptions;
import dev.openfeature.contrib.providers.flagd.FlagdProvider;
import dev.openfeature.contrib.providers.flagd.resolver.process.storage.connector.QueuePayload;
import dev.openfeature.contrib.providers.flagd.resolver.process.storage.connector.QueuePayloadType;
import dev.openfeature.contrib.providers.flagd.resolver.process.storage.connector.QueueSource;
import dev.openfeature.sdk.EvaluationContext;
import dev.openfeature.sdk.ImmutableContext;
import dev.openfeature.sdk.ImmutableStructure;
import dev.openfeature.sdk.ProviderEvaluation;
import dev.openfeature.sdk.Value;
import dev.stitchd.kernel.Json;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// flagd's engine for Java, as its provider for Java has it: with a set from this process in the
/// place of a server's. Blocks; for ordinary threads.
final class JavaEngine {

  /// One set, and never another.
  private record One(BlockingQueue<QueuePayload> queue) implements QueueSource {

    static One of(String set) {
      var queue = new LinkedBlockingQueue<QueuePayload>();
      queue.add(new QueuePayload(QueuePayloadType.DATA, set));
      return new One(queue);
    }

    @Override
    public void init() {}

    @Override
    public BlockingQueue<QueuePayload> getStreamQueue() {
      return queue;
    }

    @Override
    public void shutdown() {}
  }

  private JavaEngine() {}

  /// @return `{variant, value}` or `{error}` for each ask, as the scripts of the other engines say
  ///   it
  static ArrayNode answers(String set, ArrayNode asks) {
    var provider =
        new FlagdProvider(
            FlagdOptions.builder()
                .resolverType(Config.Resolver.IN_PROCESS)
                .customConnector(One.of(set))
                .deadline(20_000)
                .build());
    try {
      provider.initialize(new ImmutableContext());
      var answers = Json.array();
      asks.forEach(ask -> answers.add(answer(provider, ask)));
      return answers;
    } catch (Exception e) {
      throw new IllegalStateException("the engine took no set: " + set, e);
    } finally {
      provider.shutdown();
    }
  }

  private static ObjectNode answer(FlagdProvider provider, JsonNode ask) {
    var flag = ask.get("flag").stringValue();
    var context = context(ask.get("context"));
    var answer = Json.object();
    try {
      var given = resolve(provider, flag, ask.get("type").stringValue(), context);
      if (given.getErrorCode() != null) {
        return answer.put("error", given.getErrorCode() + ": " + given.getErrorMessage());
      }
      answer.put("variant", given.getVariant()).set("value", json(given.getValue()));
    } catch (RuntimeException e) {
      answer.put("error", e.toString());
    }
    return answer;
  }

  private static ProviderEvaluation<?> resolve(
      FlagdProvider provider, String flag, String type, EvaluationContext context) {
    return switch (type) {
      case "boolean" -> provider.getBooleanEvaluation(flag, false, context);
      case "string" -> provider.getStringEvaluation(flag, "", context);
      case "integer", "number" -> provider.getDoubleEvaluation(flag, 0.0, context);
      default -> provider.getObjectEvaluation(flag, new Value(), context);
    };
  }

  private static EvaluationContext context(JsonNode context) {
    var attributes = new HashMap<>(structure(context));
    var key = attributes.remove("targetingKey");
    return key == null
        ? new ImmutableContext(attributes)
        : new ImmutableContext(key.asString(), attributes);
  }

  private static Map<String, Value> structure(JsonNode object) {
    var structure = new HashMap<String, Value>();
    object.forEachEntry((name, value) -> structure.put(name, value(value)));
    return structure;
  }

  private static Value value(JsonNode json) {
    return switch (json.getNodeType()) {
      case STRING -> new Value(json.stringValue());
      case BOOLEAN -> new Value(json.booleanValue());
      case NUMBER -> json.isInt() ? new Value(json.intValue()) : new Value(json.doubleValue());
      case ARRAY -> new Value(json.valueStream().map(JavaEngine::value).toList());
      case OBJECT -> new Value(new ImmutableStructure(structure(json)));
      default -> new Value();
    };
  }

  private static JsonNode json(Object given) {
    return switch (given) {
      case Value value when value.isNull() -> Json.object().nullNode();
      case Value value when value.isList() -> {
        var list = Json.array();
        value.asList().forEach(one -> list.add(json(one)));
        yield list;
      }
      case Value value when value.isStructure() -> {
        var object = Json.object();
        value.asStructure().asMap().forEach((name, one) -> object.set(name, json(one)));
        yield object;
      }
      case Value value -> json(value.asObject());
      case String text -> Json.object().stringNode(text);
      case Boolean truth -> Json.object().booleanNode(truth);
      case Number number -> Json.object().numberNode(number.doubleValue());
      default -> throw new IllegalArgumentException(String.valueOf(given));
    };
  }
}
