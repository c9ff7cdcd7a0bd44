package dev.stitchd.ruleset;

import static dev.stitchd.ruleset.Given.flag;
import static dev.stitchd.ruleset.Given.list;
import static dev.stitchd.ruleset.Given.ruleset;
import static dev.stitchd.ruleset.Given.segment;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RulesetTest {

  @Test
  void changesMakeACopyThatSharesTheRest() {
    var kept = flag("kept", "{}");
    var before = ruleset(kept, flag("changed", "{}"), flag("removed", "{}"), list("vip"));
    var changes = new HashMap<String, Flag>();
    changes.put("changed", flag("changed", "{'default':{'variant':'on'}}"));
    changes.put("removed", null);
    changes.put("new", flag("new", "{}"));
    var after = before.with(changes, Collections.singletonMap("vip", null));
    assertThat(after.flags()).containsOnlyKeys("kept", "changed", "new");
    assertThat(after.flag("kept")).isSameAs(kept);
    assertThat(after.segments()).isEmpty();
    assertThat(before.flags()).containsOnlyKeys("kept", "changed", "removed");
    assertThat(before.flag("changed")).isEqualTo(flag("changed", "{}"));
  }

  @Test
  void nobodyCanChangeOne() {
    var rules = ruleset(flag("a", "{}"), segment("s", "{'all':[]}"));
    assertThatThrownBy(() -> rules.flags().remove("a"))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> rules.with(Map.of(), Map.of()).segments().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }
}
