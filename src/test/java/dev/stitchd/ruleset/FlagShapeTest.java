package dev.stitchd.ruleset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import java.util.stream.IntStream;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class FlagShapeTest {

  @Test
  void booleanFlagsHaveOnAndOffByDefault() {
    assertThat(Given.ON_OFF.variants())
        .containsExactly(
            Assertions.entry("on", Given.json("true")),
            Assertions.entry("off", Given.json("false")));
    assertThat(Given.ON_OFF.initialVariant()).isEqualTo("off");
  }

  @ParameterizedTest
  @EnumSource(value = ValueType.class, names = "BOOLEAN", mode = EnumSource.Mode.EXCLUDE)
  void otherTypesHaveNoDefaults(ValueType type) {
    var errors = new FieldErrors();
    var _ = FlagShape.read(type, null, false, errors);
    assertThat(errors.list())
        .singleElement()
        .satisfies(e -> assertThat(e.path()).isEqualTo("variants"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "boolean | true | true",
        "boolean | 'true' | ",
        "boolean | 1 | ",
        "string | 'x' | \"x\"",
        "string | '' | \"\"",
        "string | 5 | ",
        "integer | 5 | 5",
        "integer | 5.0 | 5",
        "integer | 5.5 | ",
        "integer | 9007199254740991 | 9007199254740991",
        "integer | -9007199254740991 | -9007199254740991",
        "integer | 9007199254740992 | ",
        "integer | -9007199254740992 | ",
        "integer | 100000000000000000000000 | ",
        "integer | '5' | ",
        "number | 10 | 10.0",
        "number | 0.1 | 0.1",
        "number | 1e999 | ",
        "number | true | ",
        "json | {'a':1} | {\"a\":1}",
        "json | [] | []",
        "json | 'text' | ",
        "json | 5 | ",
        "json | null | ",
      })
  void valuesMustMatchTheType(String type, String value, String normalised) {
    var node = ValueType.of(type).normalise(Given.json(value));
    assertThat(node == null ? null : node.toString()).isEqualTo(normalised);
  }

  @Test
  void variantsAreCheckedAllAtOnce() {
    var errors = new FieldErrors();
    var variants = Given.json("{'a':1,'A':2,'bB':2,'B C':2,'':3,'c':'x','d':2.5}");
    var _ = FlagShape.read(ValueType.INTEGER, variants, false, errors);
    assertThat(errors.list())
        .extracting(e -> e.path())
        .containsExactly("variants.A", "variants.B C", "variants.", "variants.c", "variants.d");
    Assertions.assertThatThrownBy(errors::throwIfAny).isInstanceOf(Problem.Invalid.class);
  }

  @ParameterizedTest
  @CsvSource({"0,false", "1,true", "100,true", "101,false"})
  void oneToAHundredVariants(int count, boolean allowed) {
    var variants = Json.object();
    IntStream.range(0, count).forEach(i -> variants.put("v" + i, i));
    var errors = new FieldErrors();
    var _ = FlagShape.read(ValueType.INTEGER, variants, false, errors);
    assertThat(errors.isEmpty()).isEqualTo(allowed);
  }

  @Test
  void variantsThatAreNoObjectAreMalformed() {
    var errors = new FieldErrors();
    var _ = FlagShape.read(ValueType.STRING, Given.json("['a']"), false, errors);
    Assertions.assertThatThrownBy(errors::throwIfAny).isInstanceOf(Problem.Malformed.class);
  }
}
