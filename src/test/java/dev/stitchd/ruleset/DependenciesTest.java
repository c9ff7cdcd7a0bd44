package dev.stitchd.ruleset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DependenciesTest {

  private final Map<String, Flag> flags = new HashMap<>();
  private final Map<String, Segment> segments = new HashMap<>();

  private void flag(String key, String fields) {
    flags.put(key, Given.flag(key, Given.ON_OFF, fields));
  }

  private static String when(String condition) {
    return "{'rules':[{'id':'r','when':%s,'serve':{'variant':'on'}}]}".formatted(condition);
  }

  private void segment(String key, String when) {
    segments.put(key, Given.segment(key, when));
  }

  private java.util.Set<ItemName> of(String key) {
    return Dependencies.of(Ruleset.of(flags, segments), flag -> flag.key().equals(key));
  }

  @Test
  void flagDependsOnWhatItNamesInAnyNumberOfSteps() {
    flag("banner", "{'prerequisites':[{'flag':'gate','variants':['on']}]}");
    flag("gate", when("{'any':[{'segment':'beta'},{'not':{'flag':'deep','variants':['on']}}]}"));
    flag("deep", "{}");
    flag("other", when("{'segment':'strangers'}"));
    segment("beta", "{'segment':'staff'}");
    segment("staff", "{'attribute':'plan','op':'equals','values':['x']}");
    segment("strangers", "{'attribute':'plan','op':'equals','values':['y']}");

    assertThat(of("banner"))
        .containsExactlyInAnyOrder(
            ItemName.flag("banner"),
            ItemName.flag("gate"),
            ItemName.flag("deep"),
            ItemName.segment("beta"),
            ItemName.segment("staff"));
    assertThat(of("nothing")).isEmpty();
  }

  @Test
  void flagThatIsOffDependsOnNothingElse() {
    flag("gate", "{}");
    flag("banner", "{'enabled':false,'prerequisites':[{'flag':'gate','variants':['on']}]}");
    assertThat(of("banner")).containsExactly(ItemName.flag("banner"));
  }

  @Test
  void whatIsNamedAndMissingBelongsToIt() {
    flag("banner", "{'prerequisites':[{'flag':'gone','variants':['on']}]}");
    assertThat(of("banner")).contains(ItemName.flag("gone"));
  }
}
