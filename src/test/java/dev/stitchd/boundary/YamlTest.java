package dev.stitchd.boundary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class YamlTest {

  private static String read(String yaml) {
    return Json.write(Yaml.parse(yaml.getBytes(StandardCharsets.UTF_8)));
  }

  private static String written(String json) {
    return new String(
        Yaml.write(Json.parse(json.getBytes(StandardCharsets.UTF_8))), StandardCharsets.UTF_8);
  }

  @Test
  void whatIsWrittenIsReadAgain() {
    for (var json :
        new String[] {
          "{}",
          "[]",
          "\"on\"",
          "{\"on\":true,\"no\":\"no\",\"null\":null,\"\":\"\",\"a b\":\" x \",\"é\":\"€ 😀\"}",
          "{\"n\":[1,-0.5,1.0E21,12345678901234567890,10.0],\"s\":[\"1\",\"1e3\",\"0x1\",\"true\",\"~\",\"-\",\"? x\"]}",
          "{\"t\":\"two\\nlines\\ttab \\u0007 \\\\ \\\" ' # : , [ ] { } & * ! | > % @ `\"}",
          "{\"slots\":[[\"on\",10000],[\"off\",90000]],\"keys\":[\"a\",\"b\"],\"deep\":[{\"x\":[{\"y\":[]}]}]}",
          "{\"date\":\"2026-11-29\",\"dots\":\"a: b\",\"hash\":\"a #b\",\"long\":\""
              + "x ".repeat(500)
              + "\"}"
        }) {
      assertThat(read(written(json))).isEqualTo(json);
    }
  }

  @Test
  void bytesThatAreNoTextAreToldInWordsOfOurOwn() {
    assertThatThrownBy(() -> Yaml.parse(new byte[] {(byte) 0xff, (byte) 0xfe, 's', 0}))
        .isInstanceOf(Problem.Malformed.class)
        .hasMessage("the body is not valid YAML in UTF-8");
  }

  @Test
  void itIsALineForEachScalarAndQuotesWhatOtherReadersTakeForSomethingElse() {
    assertThat(
            written(
                "{\"name\":\"Web shop\",\"variants\":{\"on\":true},\"keys\":[\"a\",\"b\"],\"slots\":[[\"on\",10000]],\"none\":[]}"))
        .isEqualTo(
            """
            name: "Web shop"
            variants:
                "on": true
            keys:
              - a
              - b
            slots:
              - ["on", 10000]
            none: []
            """);
  }

  @Test
  void plainScalarsAreWhatYaml12CallsThem() {
    assertThat(read("{a: on, b: yes, c: true, d: ~, e: , f: 1.50, g: -3, h: 2026-11-29, i: 1.2.3}"))
        .isEqualTo(
            "{\"a\":\"on\",\"b\":\"yes\",\"c\":true,\"d\":null,\"e\":null,\"f\":1.5,\"g\":-3,\"h\":\"2026-11-29\",\"i\":\"1.2.3\"}");
    assertThat(read("{\"json\": [1, \"is\", {\"yaml\": null}]}"))
        .isEqualTo("{\"json\":[1,\"is\",{\"yaml\":null}]}");
  }

  @Test
  void whatJsonCannotSayIsRefusedWithItsPlace() {
    Map.ofEntries(
            Map.entry("a: &x 1\nb: *x", "line 1, column 4): anchors"),
            Map.entry("b: *x", "aliases"),
            Map.entry("a: !!int 1", "tags"),
            Map.entry("a: !x {}", "tags"),
            Map.entry("a: 1\n---\nb: 2", "one document"),
            Map.entry("a: 0x1F", "quote it"),
            Map.entry("a: .inf", "quote it"),
            Map.entry("a: 007", "quote it"),
            Map.entry("? [a]\n: 1", "a name must be text"),
            Map.entry("a: 1\na: 2", "line 2, column 1): the name 'a' is there twice"),
            Map.entry("a: [1", "line 1"),
            Map.entry("", "empty"),
            Map.entry("a: \"\\0\"", "NUL"),
            Map.entry("- ".repeat(600) + "1", "deeper than 500"))
        .forEach((yaml, why) ->
            assertThatThrownBy(() -> read(yaml))
                .as(yaml)
                .isInstanceOf(Problem.Malformed.class)
                .satisfies(e -> assertThat(e.getMessage() + ((Problem) e).errors()).contains(why)));
    assertThatThrownBy(() -> Yaml.parse(new byte[] {'a', ':', ' ', (byte) 0xff}))
        .isInstanceOf(Problem.Malformed.class);
  }
}
