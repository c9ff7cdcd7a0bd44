package dev.stitchd.boundary;

import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.DumperOptions.FlowStyle;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.emitter.Emitter;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.CollectionEndEvent;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.DocumentEndEvent;
import org.yaml.snakeyaml.events.DocumentStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.ImplicitTuple;
import org.yaml.snakeyaml.events.MappingEndEvent;
import org.yaml.snakeyaml.events.MappingStartEvent;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.events.SequenceEndEvent;
import org.yaml.snakeyaml.events.SequenceStartEvent;
import org.yaml.snakeyaml.events.StreamEndEvent;
import org.yaml.snakeyaml.events.StreamStartEvent;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.databind.JsonNode;

/// YAML that says what JSON can say, and nothing else: without anchors, aliases and tags, and one
/// document. Plain scalars are what YAML 1.2 calls them, so `on` and `no` are text; they are
/// written in quotes for readers of 1.1. All methods are pure and safe from any thread.
public final class Yaml {

  /// Names of its media type, the registered one first.
  private static final Set<String> SUBTYPES = Set.of("yaml", "x-yaml", "vnd.yaml");

  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?");
  private static final Pattern OTHER_NUMBER =
      Pattern.compile(
          "[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN)");
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z_][A-Za-z0-9_./-]*");
  private static final Set<String> RESERVED =
      Set.of("null", "true", "false", "yes", "no", "on", "off", "y", "n");
  private static final ImplicitTuple UNTAGGED = new ImplicitTuple(true, true);

  private Yaml() {}

  /// Whether a media type, as in `Accept` or `Content-Type`, is this.
  public static boolean isNamedBy(@Nullable String mediaType) {
    if (mediaType == null) {
      return false;
    }
    var name = mediaType.split(";", 2)[0].trim().toLowerCase(Locale.ROOT);
    var slash = name.indexOf('/');
    return slash > 0 && SUBTYPES.contains(name.substring(slash + 1));
  }

  /// Parses UTF-8 from outside, with all that [Json#parse] asks for.
  ///
  /// @throws Problem.Malformed if it is not YAML as described above
  public static JsonNode parse(byte[] utf8) {
    var json = new ByteArrayOutputStream(utf8.length);
    try (var to = Json.generator(json)) {
      new Reading(to).read(utf8);
    } catch (MarkedYAMLException e) {
      var mark = e.getProblemMark();
      throw new Problem.Malformed(
          "the body is not valid YAML"
              + (mark == null ? "" : at(mark.getLine(), mark.getColumn()))
              + (e.getProblem() == null ? "" : ": " + e.getProblem()));
    } catch (YAMLException e) {
      // what reading the bytes failed with tells of the library, not of the body
      throw new Problem.Malformed(
          e.getCause() == null
              ? "the body is not valid YAML: " + firstLine(e.getMessage())
              : "the body is not valid YAML in UTF-8");
    } catch (JacksonIOException e) {
      throw new UncheckedIOException(new IOException(e));
    }
    return Json.parse(json.toByteArray());
  }

  private static String firstLine(@Nullable String message) {
    return message == null ? "" : message.lines().findFirst().orElse("");
  }

  private static String at(int line, int column) {
    return " (line " + (line + 1) + ", column " + (column + 1) + ")";
  }

  /// Hands on the events of one document as JSON. Used once.
  private static final class Reading {

    /// In a list, or in an object, and then whether a name comes next.
    private enum Inside {
      LIST,
      BEFORE_NAME,
      BEFORE_VALUE
    }

    private final JsonGenerator to;
    private final Deque<Inside> inside = new ArrayDeque<>();
    private final Deque<Set<String>> names = new ArrayDeque<>();
    private int documents;

    Reading(JsonGenerator to) {
      this.to = to;
    }

    void read(byte[] utf8) {
      var options = new LoaderOptions();
      options.setCodePointLimit(Integer.MAX_VALUE); // whoever read the bytes has bounded them
      options.setNestingDepthLimit(Json.MAX_DEPTH);
      var text =
          new InputStreamReader(
              new ByteArrayInputStream(utf8), StandardCharsets.UTF_8.newDecoder());
      new org.yaml.snakeyaml.Yaml(options).parse(text).forEach(this::take);
    }

    private void take(Event event) {
      if (event instanceof DocumentStartEvent && ++documents > 1) {
        throw refused(event, "there must be one document");
      }
      if (event instanceof NodeEvent node && node.getAnchor() != null) {
        throw refused(
            event,
            event instanceof AliasEvent
                ? "aliases are not read here; write it again"
                : "anchors are not read here");
      }
      switch (event) {
        case ScalarEvent scalar -> scalar(scalar);
        case CollectionStartEvent start -> begin(start);
        case CollectionEndEvent end -> end(end);
        default -> {
          // the frame of the document
        }
      }
    }

    private void begin(CollectionStartEvent start) {
      refuseTag(start, start.getTag());
      if (inside.peek() == Inside.BEFORE_NAME) {
        throw refused(start, "a name must be text");
      }
      if (inside.size() == Json.MAX_DEPTH) {
        throw refused(start, "it nests deeper than " + Json.MAX_DEPTH + " levels");
      }
      if (start instanceof MappingStartEvent) {
        names.push(new HashSet<>());
        to.writeStartObject();
        inside.push(Inside.BEFORE_NAME);
      } else {
        to.writeStartArray();
        inside.push(Inside.LIST);
      }
    }

    private void end(CollectionEndEvent end) {
      inside.pop();
      if (end instanceof MappingEndEvent) {
        names.pop();
        to.writeEndObject();
      } else {
        to.writeEndArray();
      }
      valueIsDone();
    }

    private void scalar(ScalarEvent scalar) {
      refuseTag(scalar, scalar.getTag());
      if (inside.peek() == Inside.BEFORE_NAME) {
        if (!names.element().add(scalar.getValue())) {
          throw refused(scalar, "the name '" + scalar.getValue() + "' is there twice");
        }
        to.writeName(scalar.getValue());
        inside.pop();
        inside.push(Inside.BEFORE_VALUE);
        return;
      }
      if (scalar.getScalarStyle() == ScalarStyle.PLAIN) {
        plain(scalar);
      } else {
        to.writeString(scalar.getValue());
      }
      valueIsDone();
    }

    private void plain(ScalarEvent scalar) {
      var text = scalar.getValue();
      switch (text) {
        case "", "~", "null", "Null", "NULL" -> to.writeNull();
        case "true", "True", "TRUE" -> to.writeBoolean(true);
        case "false", "False", "FALSE" -> to.writeBoolean(false);
        default -> {
          if (NUMBER.matcher(text).matches()) {
            to.writeRawValue(text);
          } else if (OTHER_NUMBER.matcher(text).matches()) {
            throw refused(scalar, "is a number that JSON cannot say; if it is text, quote it");
          } else {
            to.writeString(text);
          }
        }
      }
    }

    private void valueIsDone() {
      if (inside.peek() == Inside.BEFORE_VALUE) {
        inside.pop();
        inside.push(Inside.BEFORE_NAME);
      }
    }

    private static void refuseTag(Event event, @Nullable String tag) {
      if (tag != null) {
        throw refused(event, "tags are not read here");
      }
    }

    private static Problem refused(Event event, String why) {
      var mark = event.getStartMark();
      return new Problem.Malformed(
          "the body is YAML that is not read here"
              + (mark == null ? "" : at(mark.getLine(), mark.getColumn()))
              + ": "
              + why);
    }
  }

  /// Writes JSON as YAML, one line for each scalar, so that versions of it are compared well. The
  /// same value is always the same text.
  public static byte[] write(JsonNode value) {
    var text = new StringWriter();
    var options = new DumperOptions();
    options.setWidth(Integer.MAX_VALUE);
    options.setSplitLines(false);
    options.setIndicatorIndent(2);
    options.setIndent(4);
    options.setIndentWithIndicator(true);
    try {
      var emitter = new Emitter(text, options);
      emitter.emit(new StreamStartEvent(null, null));
      emitter.emit(new DocumentStartEvent(null, null, false, null, null));
      emit(value, emitter, false);
      emitter.emit(new DocumentEndEvent(null, null, false));
      emitter.emit(new StreamEndEvent(null, null));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void emit(JsonNode value, Emitter to, boolean inList) throws IOException {
    if (value.isObject()) {
      to.emit(new MappingStartEvent(null, null, true, null, null, style(value.isEmpty())));
      for (var field : value.properties()) {
        to.emit(text(field.getKey()));
        emit(field.getValue(), to, false);
      }
      to.emit(new MappingEndEvent(null, null));
    } else if (value.isArray()) {
      // a list in a list is a slot, or as short
      to.emit(
          new SequenceStartEvent(null, null, true, null, null, style(inList || value.isEmpty())));
      for (var element : value) {
        emit(element, to, true);
      }
      to.emit(new SequenceEndEvent(null, null));
    } else {
      to.emit(value.isString() ? text(value.stringValue()) : plain(Json.write(value)));
    }
  }

  private static FlowStyle style(boolean flow) {
    return flow ? FlowStyle.FLOW : FlowStyle.BLOCK;
  }

  private static Event text(String text) {
    var plain = PLAIN.matcher(text).matches() && !RESERVED.contains(text.toLowerCase(Locale.ROOT));
    return scalar(text, plain ? ScalarStyle.PLAIN : ScalarStyle.DOUBLE_QUOTED);
  }

  private static Event plain(String text) {
    return scalar(text, ScalarStyle.PLAIN);
  }

  private static Event scalar(String text, ScalarStyle style) {
    return new ScalarEvent(null, null, UNTAGGED, text, null, null, style);
  }
}
