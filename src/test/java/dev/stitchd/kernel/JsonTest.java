package dev.stitchd.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class JsonTest {

  private static JsonNode parsed(String json) {
    return Json.parse(json.getBytes(UTF_8));
  }

  @ParameterizedTest
  @CsvSource({
    "10, 10",
    "10.0, 10.0",
    "0.1, 0.1",
    "1e2, 100.0",
    "0.0, 0.0",
    "1.7976931348623157e308, 1.7976931348623157E308",
    "0.1234567890123456789, 0.1234567890123456789",
    "9007199254740993.0, 9007199254740993.0",
    "1e-400, 1E-400",
    "-1e-400, -1E-400",
    "5e-324, 5E-324",
    "1e0000000002, 100.0",
  })
  void numbersKeepTheValueThatWasWritten(String written, String kept) {
    var value = parsed(written);
    assertThat(Json.write(value)).isEqualTo(kept);
    assertThat(Json.parseOwn(Json.write(value))).isEqualTo(value);
    var context =
        Json.parseExcept(("{\"context\":{\"n\":" + written + "}}").getBytes(UTF_8), "context");
    assertThat(Json.write(context.at("/context/n"))).isEqualTo(kept);
  }

  /// None costs as many digits as it says.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "1e400",
        "-1e400",
        "1e999999999",
        "-1e999999999",
        "1e-999999999",
        "1.5e-2147483647",
        "1e2147483648",
        "1e99999999999999999999",
        "1e-99999999999999999999",
      })
  @Timeout(5)
  void numbersThatCannotBeKeptAreRefusedAndUnknownInAContext(String written) {
    assertThatThrownBy(() -> parsed("[" + written + "]")).isInstanceOf(Problem.Malformed.class);
    var body =
        Json.parseExcept(("{\"context\":{\"n\":" + written + "}}").getBytes(UTF_8), "context");
    var errors = new FieldErrors();
    var context = EvaluationContext.read(body.get("context"), "context", errors);
    assertThat(errors.isEmpty()).isTrue();
    assertThat(context.unreadable()).containsExactly("n");
  }

  @Test
  void nothingMayFollowTheValueAndNoNameComesTwice() {
    for (var wrong : new String[] {"", " ", "1 2", "{} x", "{\"a\":1,\"a\":2}", "[1"}) {
      assertThatThrownBy(() -> parsed(wrong)).as(wrong).isInstanceOf(Problem.Malformed.class);
    }
    assertThat(parsed("{\"a\":[1.5,{}]} ")).isInstanceOf(ObjectNode.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "[1",
        "{} {}",
        "{\"a\":NaN}",
        "{\"a\":01}",
        "{\"a\":1,\"a\":2}",
        "{'a':1}",
        "{\"\\ud800\":1,\"\\ud800\":2}",
        "nonsense",
        "[1,]"
      })
  void refusalsAreNotInTheWordsOfTheParsersSettings(String json) {
    assertThatThrownBy(() -> parsed(json))
        .isInstanceOf(Problem.Malformed.class)
        .hasMessageStartingWith("the body is not valid JSON (line 1, column ")
        .extracting(Throwable::getMessage)
        .asString()
        .doesNotContain("`", "Feature", "Source", "Stream", "Json");
  }

  @Test
  void whatIsTooDeepOrTooLongIsSaidInOurWords() {
    for (var json :
        new String[] {"[".repeat(501) + "]".repeat(501), "{\"" + "k".repeat(100_001) + "\":1}"}) {
      assertThatThrownBy(() -> parsed(json))
          .isInstanceOf(Problem.Malformed.class)
          .hasMessageEndingWith(
              "nests deeper than 500 levels, or has a name of more than 100000 characters");
    }
  }

  @Test
  void halfOfAPairInANameIsToldByItsPlace() {
    assertThatThrownBy(() -> parsed("{\"a\":{\"\\ud800\":1}}"))
        .isInstanceOfSatisfying(
            Problem.Malformed.class,
            problem ->
                assertThat(problem.errors())
                    .singleElement()
                    .extracting(FieldError::path)
                    .isEqualTo("a"));
  }
}
