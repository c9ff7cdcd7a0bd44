package dev.stitchd.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EvaluationContextTest {

  private final FieldErrors errors = new FieldErrors();

  private EvaluationContext read(String context) {
    var body = Json.parseExcept(("{\"context\":" + context + "}").getBytes(UTF_8), "context");
    return EvaluationContext.read(body.get("context"), "context", errors);
  }

  @Test
  void whatCannotBeReadIsNamedByItsPathAndUnknown() {
    var context = read("{\"a.b\":{\"list\":[1,\"\\u0000\",{\"big\":1e400}]},\"plan\":\"free\"}");

    assertThat(errors.isEmpty()).isTrue();
    assertThat(context.unreadable()).containsExactly("\"a.b\".list[1]", "\"a.b\".list[2].big");
    assertThat(Json.write(context.attributes()))
        .isEqualTo("{\"a.b\":{\"list\":[1,null,{\"big\":null}]},\"plan\":\"free\"}");
  }

  @Test
  void whatOnlyTheParserWouldRefuseIsUnknownToo() {
    var context =
        read(
            "{\"\\ud800x\":1,\"\\uDC00\":{\"y\":2},\"whole\":%1$s,\"part\":0.%1$s,\"%2$s\":3,\"plan\":\"free\"}"
                .formatted("1".repeat(1_001), "k".repeat(50_001)));

    assertThat(errors.isEmpty()).isTrue();
    assertThat(context.unreadable()).containsExactlyInAnyOrder("?x", "?", "part", "whole");
    assertThat(context.attributes().get("plan").stringValue()).isEqualTo("free");
    assertThat(context.attributes().get("k".repeat(50_001)).intValue()).isEqualTo(3);
  }

  /// Its value would cost seconds.
  @Test
  void aNumberAsLongAsABodyCostsNoMoreThanItsBytes() {
    read("{\"warm\":1}");
    for (var number : new String[] {"1".repeat(2_000_000), "0." + "1".repeat(2_000_000)}) {
      long start = System.nanoTime();
      assertThat(read("{\"n\":" + number + "}").unreadable()).containsExactly("n");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
    }
  }

  @Test
  void anOddNameAmongThePrivateOnesCostsNothingElse() {
    var context = read("{\"email\":\"x\",\"privateAttributes\":[\"email\",\"x\\u0000\"]}");

    assertThat(errors.isEmpty()).isTrue();
    assertThat(context.privateAttributes()).isEqualTo(Set.of("email"));
    assertThat(context.unreadable()).containsExactly("privateAttributes[1]");
  }

  @Test
  void whatIsNoListOfPrivateNamesIsRefusedRatherThanTakenAsNone() {
    read("{\"email\":\"x\",\"privateAttributes\":1e400}");
    assertThat(errors.text()).contains("context.privateAttributes");
  }

  /// Each would be written above each of them, in all some gigabytes.
  @Test
  void aLongNameAboveManyValuesCostsNothing() {
    var body = "{\"%s\":[%s[]]}".formatted("x".repeat(50_000), "[],".repeat(60_000));
    read("{\"warm\":[[]]}");
    var thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = thread.getCurrentThreadAllocatedBytes();

    read(body);

    assertThat(thread.getCurrentThreadAllocatedBytes() - before).isLessThan(100_000_000);
  }
}
