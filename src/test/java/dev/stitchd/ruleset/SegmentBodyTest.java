package dev.stitchd.ruleset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.FieldErrors;
import org.junit.jupiter.api.Test;

class SegmentBodyTest {

  @Test
  void exampleOfTheContractIsRead() {
    var body =
        read(
            """
            {'key':'beta-testers','name':'Beta testers','contextType':'user','when':{'attribute':'plan','op':'in','values':['beta']}}\
            """);
    assertThat(body.key()).isEqualTo("beta-testers");
    assertThat(body.when()).isInstanceOf(Condition.Attribute.class);
    assertThat(body.published(null).contextType()).isEqualTo("user");
  }

  @Test
  void conditionIsOptionalAndTheContextTypeIsUserByDefault() {
    var body = read("{'key':'vip','name':'VIP','when':null}");
    assertThat(body.when()).isNull();
    assertThat(body.contextType()).isEqualTo("user");
  }

  @Test
  void mistakesAreNotedAllAtOnce() {
    var errors = new FieldErrors();
    var body =
        "{'key':'Bad Key','contextType':'a.b','when':{'attribute':'x','op':'isnt','values':[1]},'colour':1}";
    var _ = SegmentBody.read(Given.json(body), "", errors);
    assertThat(errors.list())
        .extracting(e -> e.path())
        .containsExactly("key", "name", "contextType", "when.op", "colour");
  }

  private static SegmentBody read(String text) {
    var errors = new FieldErrors();
    var body = SegmentBody.read(Given.json(text), "", errors);
    errors.throwIfAny();
    return body;
  }
}
