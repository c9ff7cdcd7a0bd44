package dev.stitchd.flagd.evaluation;

import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.ValueType;
import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.DoubleNode;
import tools.jackson.databind.node.LongNode;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/// JSON as protobuf's well-known types carry it, in which every number is a double. Pure.
final class Structs {

  /// Readers of protobuf follow a hundred messages into each other; what holds a struct needs some.
  private static final int MOST_MESSAGES = 94;

  private static final int PER_OBJECT = 3;
  private static final int PER_LIST = 2;

  private Structs() {}

  /// A struct as a JSON object. Whole numbers become integers, as other protocols send them.
  static ObjectNode read(Struct struct) {
    var object = Json.object();
    struct.getFieldsMap().forEach((name, value) -> object.set(name, read(value)));
    return object;
  }

  private static JsonNode read(Value value) {
    return switch (value.getKindCase()) {
      case NULL_VALUE, KIND_NOT_SET -> NullNode.getInstance();
      case BOOL_VALUE -> BooleanNode.valueOf(value.getBoolValue());
      case STRING_VALUE -> StringNode.valueOf(value.getStringValue());
      case NUMBER_VALUE -> number(value.getNumberValue());
      case STRUCT_VALUE -> read(value.getStructValue());
      case LIST_VALUE -> list(value.getListValue());
    };
  }

  private static JsonNode number(double number) {
    return number == Math.rint(number) && Math.abs(number) <= ValueType.MAX_INTEGER
        ? LongNode.valueOf((long) number)
        : DoubleNode.valueOf(number);
  }

  private static ArrayNode list(ListValue values) {
    var list = Json.array();
    values.getValuesList().forEach(value -> list.add(read(value)));
    return list;
  }

  /// A JSON object as a struct; null if a struct cannot carry it as it is: it holds a whole number
  /// that no double is, or nests deeper than readers follow.
  static @Nullable Struct write(ObjectNode object) {
    return write(object, 0);
  }

  private static @Nullable Struct write(ObjectNode object, int messages) {
    if (messages > MOST_MESSAGES) {
      return null;
    }
    var struct = Struct.newBuilder();
    for (var property : object.properties()) {
      var value = value(property.getValue(), messages + PER_OBJECT);
      if (value == null) {
        return null;
      }
      struct.putFields(property.getKey(), value);
    }
    return struct.build();
  }

  private static @Nullable Value value(JsonNode node, int messages) {
    var value = Value.newBuilder();
    return switch (node) {
      case ObjectNode object -> {
        var struct = write(object, messages);
        yield struct == null ? null : value.setStructValue(struct).build();
      }
      case ArrayNode elements -> {
        var list = list(elements, messages);
        yield list == null ? null : value.setListValue(list).build();
      }
      default -> scalar(node, value);
    };
  }

  private static @Nullable ListValue list(ArrayNode elements, int messages) {
    if (messages > MOST_MESSAGES) {
      return null;
    }
    var list = ListValue.newBuilder();
    for (var element : elements) {
      var value = value(element, messages + PER_LIST);
      if (value == null) {
        return null;
      }
      list.addValues(value);
    }
    return list.build();
  }

  private static @Nullable Value scalar(JsonNode node, Value.Builder value) {
    if (node.isBoolean()) {
      return value.setBoolValue(node.booleanValue()).build();
    }
    if (node.isString()) {
      return value.setStringValue(node.stringValue()).build();
    }
    if (node.isNumber()) {
      return isExact(node) ? value.setNumberValue(node.doubleValue()).build() : null;
    }
    return value.setNullValue(NullValue.NULL_VALUE).build();
  }

  private static boolean isExact(JsonNode number) {
    return !number.isIntegralNumber()
        || new BigDecimal(number.doubleValue()).compareTo(number.decimalValue()) == 0;
  }
}
