package dev.stitchd.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
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
