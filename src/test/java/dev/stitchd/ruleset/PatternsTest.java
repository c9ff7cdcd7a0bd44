package dev.stitchd.ruleset;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.re2j.Pattern;
import dev.stitchd.ruleset.operator.PatternSize;
import dev.stitchd.ruleset.operator.Patterns;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.StringNode;

class PatternsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "abc", "a{3}", "(ab){10}c", "((a{3}){4}){5}", "[a-z]{3}[]x]{2}[^]]{4}",
            "\\d{1,3}(\\.\\d{1,3}){3}",
        "\\x{10FFFF}\\p{Greek}{3}", "\\Qa{1000}\\E", "[[:alpha:]{9}]{3}", "x{2,}", "(a|b|cd)*",
            "[{]{9}",
        "(?i)abc{7}", "^$", "",
      })
  void sizeIsEstimatedNotTooLow(String pattern) {
    assertThat(PatternSize.of(pattern) * 3 + 20)
        .isGreaterThan(Pattern.compile(pattern).programSize());
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "a{1000} | true",
        "(a{10}){100} | true",
        "(a{100}){100} | false",
        "a{1000}b{1000}c{1000} | false",
        "\\x{10FFFF} | true",
        "((a{0,60}){0,60}){0,60} | false",
        "(.{0,1000}){0,1000} | false"
      })
  void nestedRepetitionsMultiply(String pattern, boolean allowed) {
    assertThat(PatternSize.of(pattern) <= Limits.PATTERN_PROGRAM).isEqualTo(allowed);
  }

  /// The worst that the limits allow, on a thread with half the usual stack.
  @Test
  void worstPatternsCompileOnASmallStack() throws InterruptedException {
    var failures = new ArrayList<Throwable>();
    var worst =
        List.of(
            "(".repeat(499) + "a" + ")".repeat(499),
            "(?:".repeat(249) + "a" + ")".repeat(249),
            "(a".repeat(333) + ")".repeat(333),
            "a{0,1000}",
            "(a{0,30}){0,30}",
            "((a{0,9}){0,9}){0,9}",
            "a?".repeat(500),
            "a|".repeat(500),
            "[" + "a-z".repeat(332),
            "[[:alpha:]".repeat(99));
    // event loops have 1 MB; as long as the library is interpreted, it needs more than 512 KB
    var thread =
        new Thread(
            null, () -> worst.forEach(PatternsTest::compileAndMatch), "small stack", 768 * 1024);
    thread.setUncaughtExceptionHandler((_, e) -> failures.add(e));
    thread.start();
    thread.join();
    assertThat(failures).isEmpty();
  }

  private static void compileAndMatch(String pattern) {
    try {
      var _ = Patterns.parse(StringNode.valueOf(pattern)).matcher("a".repeat(2_000) + "b").find();
    } catch (IllegalArgumentException _) {
      // refused is fine; a crash is not
    }
  }
}
