package dev.stitchd.ruleset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class TargetingReadTest {

  @Test
  void newFlagIsOffAndGivesOffOrTheFirstVariant() {
    assertThat(Targeting.initial(Given.ON_OFF))
        .isEqualTo(
            new Targeting(false, "off", List.of(), List.of(), List.of(), new Serve.Fixed("off")));
    assertThat(Targeting.initial(Given.ABC).offVariant()).isEqualTo("a");
  }

  @Test
  void exampleOfTheContractIsRead() {
    var targeting =
        Given.targeting(
            Given.ON_OFF,
            """
            {'version':7,'enabled':true,'offVariant':'off',
             'targets':[{'contextType':'user','variant':'on','keys':['qa-1']}],
             'prerequisites':[{'flag':'payments-v2','variants':['on']}],
             'rules':[
              {'id':'beta','description':'beta testers','when':{'segment':'beta-testers'},'serve':{'variant':'on'}},
              {'id':'eu','when':{'all':[{'attribute':'country','op':'in','values':['DE','FR']},{'not':{'attribute':'plan','op':'equals','values':['free']}}]},
               'serve':{'rollout':{'bucketBy':'targetingKey','weights':{'on':10,'off':90}}}}],
             'default':{'variant':'off'}}\
            """);
    assertThat(targeting.rules()).hasSize(2);
    assertThat(rollout(targeting, 1).slots())
        .containsExactly(new Slot("on", 10_000), new Slot("off", 90_000));
    assertThat(rollout(targeting, 1).salt()).isEqualTo("salt");
  }

  /// Fields laid over a good body, and the one error they make.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'offVariant':'blue'} | offVariant: unknown variant 'blue'; the flag has a, b, c",
        "{'offVariant':null} | offVariant: is required",
        "{'enabled':null} | enabled: is required",
        "{'default':null} | default: is required",
        "{'default':{}} | default: must have either variant or rollout",
        "{'default':{'variant':'a','rollout':{}}} | default: must have either variant or rollout",
        "{'targets':[{'variant':'x','keys':[]}]} | targets[0].variant: unknown variant 'x'; the flag has a, b, c",
        "{'targets':[{'variant':'a','keys':['u']},{'variant':'b','keys':['v','u']}]} | targets[1].keys[1]: is a target of variant 'a' already",
        "{'targets':[{'variant':'a','keys':['u',5]}]} | targets[0].keys[1]: must be a string that is not blank",
        "{'rules':[{'id':'r','serve':{'variant':'a'}}]} | rules[0].when: is required",
        "{'rules':[{'id':'r','when':{'all':[]}}]} | rules[0].serve: is required",
        "{'rules':[{'id':'r','when':{'not':null},'serve':{'variant':'a'}}]} | rules[0].when.not: is required",
        "{'targets':[{'variant':'a','contextType':'a.b','keys':[]}]} | targets[0].contextType: must be a name of letters, digits, dashes and underscores, at most 100",
        "{'prerequisites':[{'flag':'x','variants':[]}]} | prerequisites[0].variants: is required: name at least one variant",
        "{'prerequisites':[{'variants':['on']}]} | prerequisites[0].flag: is required",
        "{'rules':[{'id':'a b','when':{'all':[]},'serve':{'variant':'a'}}]} | rules[0].id: must match [A-Za-z0-9._-]{1,100}",
        "{'rules':[{'when':{'all':[]},'serve':{'variant':'a'}}]} | rules[0].id: is required",
        "{'rules':[{'id':'default','when':{'all':[]},'serve':{'variant':'a'}}]} | rules[0].id: is reserved: 'default' names the rollout of the default",
        "{'rules':[{'id':'r','when':{'all':[]},'serve':{'variant':'a'}},{'id':'r','when':{'all':[]},'serve':{'variant':'a'}}]} | rules[1].id: is the id of an earlier rule too; ids are unique within a flag",
        "{'rules':[{'id':'r','when':{'all':[]},'serve':{'variant':'x'}}]} | rules[0].serve.variant: unknown variant 'x'; the flag has a, b, c",
        "{'rules':[{'id':'r','when':{'all':null},'serve':{'variant':'a'}}]} | rules[0].when.all: is required",
        "{'rules':[{'id':'r','when':{'attribute':'x','op':'isn't','values':['y']},'serve':{'variant':'a'}}]} | rules[0].when.op: unknown operator 'isn't'",
        "{'rules':[{'id':'r','when':{'attribute':'x','op':'in'},'serve':{'variant':'a'}}]} | rules[0].when.values: is required: in needs at least one value",
        "{'rules':[{'id':'r','when':{'attribute':'x','op':'exists','values':[1]},'serve':{'variant':'a'}}]} | rules[0].when.values: must be left out: exists takes none",
        "{'default':{'rollout':{'bucketBy':'$now','weights':{'a':100}}}} | default.rollout.bucketBy: must be an attribute of the context: nobody keeps a time",
        "{'rules':[{'id':'r','when':{'attribute':'\\\"x.y','op':'exists'},'serve':{'variant':'a'}}]} | rules[0].when.attribute: must be names joined by dots, none empty, at most 8; what begins with a quotation mark ends with one",
        "{'rules':[{'id':'r','when':{'attribute':'x..y','op':'exists'},'serve':{'variant':'a'}}]} | rules[0].when.attribute: must be names joined by dots, none empty, at most 8",
        "{'rules':[{'id':'r','when':{'any':[{'all':[]},{'segment':'Not A Key'}]},'serve':{'variant':'a'}}]} | rules[0].when.any[1].segment: must match [A-Za-z0-9][A-Za-z0-9._-]{0,99}: letters, digits, dots, dashes, underscores",
        "{'rules':[{'id':'r','when':{'flag':'x'},'serve':{'variant':'a'}}]} | rules[0].when.variants: is required: name at least one variant",
        "{'default':{'rollout':{}}} | default.rollout.weights: is required",
        "{'default':{'rollout':{'weights':{'a':50,'b':49.999}}}} | default.rollout.weights: sum to 99.999, must sum to exactly 100",
        "{'default':{'rollout':{'weights':{'a':100,'b':100}}}} | default.rollout.weights: sum to 200, must sum to exactly 100",
        "{'default':{'rollout':{'weights':{}}}} | default.rollout.weights: sum to 0, must sum to exactly 100",
        "{'default':{'rollout':{'weights':{'a':50,'x':50}}}} | default.rollout.weights.x: unknown variant 'x'; the flag has a, b, c",
        "{'default':{'rollout':{'weights':{'a':99.9999,'b':0.1}}}} | default.rollout.weights.a: has more than three decimals",
        "{'default':{'rollout':{'weights':{'a':101,'b':1}}}} | default.rollout.weights.a: must be from 0 to 100",
        "{'default':{'rollout':{'weights':{'a':-1,'b':101}}}} | default.rollout.weights.a: must be from 0 to 100; default.rollout.weights.b: must be from 0 to 100",
        "{'default':{'rollout':{'weights':{'a':1e999}}}} | default.rollout.weights.a: must be a percentage, as 12.5",
        "{'default':{'rollout':{'weights':{'a':'100'}}}} | default.rollout.weights.a: must be a percentage, as 12.5",
        "{'default':{'rollout':{'weights':{'a':null}}}} | default.rollout.weights.a: must be a percentage, as 12.5",
        "{'default':{'rollout':{'bucketBy':'','weights':{'a':100}}}} | default.rollout.bucketBy: must not be blank",
      })
  void mistakesOfMeaningAreInvalid(String fields, String error) {
    var thrown = catchThrowable(() -> read(Given.ABC, quoted(fields)));
    assertThat(thrown).isInstanceOf(Problem.Invalid.class);
    assertThat(((Problem) thrown).errors())
        .extracting(Given::text)
        .containsExactly(error.split("; (?=default)"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'colour':1} | colour",
        "{'rule':[]} | rule",
        "{'enabled':'yes'} | enabled",
        "{'rules':{}} | rules",
        "{'rules':[5]} | rules[0]",
        "{'rules':[{'id':'r','when':{'all':[]},'serve':{'variant':'a'},'salt':'x'}]} | rules[0].salt",
        "{'rules':[{'id':'r','when':{'all':[],'any':[]},'serve':{'variant':'a'}}]} | rules[0].when.any",
        "{'rules':[{'id':'r','when':{},'serve':{'variant':'a'}}]} | rules[0].when",
        "{'rules':[{'id':'r','when':{'attribute':'x','op':'in','value':'y','values':['y']},'serve':{'variant':'a'}}]} | rules[0].when.value",
        "{'rules':[{'id':'r','when':{'attribute':'x','op':'in','values':'y'},'serve':{'variant':'a'}}]} | rules[0].when.values",
        "{'rules':[{'id':'r','when':{'not':[]},'serve':{'variant':'a'}}]} | rules[0].when.not",
        "{'rules':[{'id':'r','when':true,'serve':{'variant':'a'}}]} | rules[0].when",
        "{'default':{'rollout':{'weights':[50,50]}}} | default.rollout.weights",
        "{'default':{'rollout':{'weights':{'a':100},'reshuffle':'yes'}}} | default.rollout.reshuffle",
        "{'default':{'rollout':{'weights':{'a':100},'seed':7}}} | default.rollout.seed",
      })
  void mistakesOfFormAreMalformed(String fields, String path) {
    var thrown = catchThrowable(() -> read(Given.ABC, Given.json(fields)));
    assertThat(thrown).isInstanceOf(Problem.Malformed.class);
    assertThat(((Problem) thrown).errors()).extracting(e -> e.path()).containsExactly(path);
  }

  @Test
  void allMistakesAreNotedAtOnceUnderTheCallersPath() {
    var errors = new FieldErrors();
    var body =
        Given.body(Given.ABC, "{'offVariant':'x','default':{'variant':'y'},'prerequisites':[{}]}");
    var _ = Targeting.read(body, "changes[2]", Given.ABC, null, () -> "s", errors);
    assertThat(errors.list())
        .extracting(e -> e.path())
        .containsExactly(
            "changes[2].offVariant",
            "changes[2].prerequisites[0].flag",
            "changes[2].prerequisites[0].variants",
            "changes[2].default.variant");
    var notAnObject = new FieldErrors();
    var _ = Targeting.read(Given.json("[]"), "", Given.ABC, null, () -> "s", notAnObject);
    assertThat(notAnObject.isEmpty()).isFalse();
  }

  @Test
  void limitsHold() {
    assertThat(errorsOf(rules(nested(20)))).isEmpty();
    assertThat(errorsOf(rules(nested(21))))
        .singleElement()
        .asString()
        .contains("nests deeper than 20");
    assertThat(errorsOf(rules(nested(200))))
        .singleElement()
        .asString()
        .contains("nests deeper than 20");
    assertThat(errorsOf(rules(wide(999)))).isEmpty();
    assertThat(errorsOf(rules(wide(1_000))))
        .singleElement()
        .asString()
        .contains("more than 1000 conditions");
    assertThat(errorsOf(manyRules(200))).isEmpty();
    assertThat(errorsOf(manyRules(201))).singleElement().asString().contains("at most 200");
    assertThat(errorsOf(manyTargets(10_000))).isEmpty();
    assertThat(errorsOf(manyTargets(10_001))).singleElement().asString().contains("at most 10000");
  }

  @Test
  void conditionsAreCountedOverTheWholeFlag() {
    var body = Given.body(Given.ABC, "{}");
    var rules = body.putArray("rules");
    for (int i = 0; i < 101; i++) {
      var rule = rules.addObject().put("id", "r" + i);
      rule.set("when", wide(9));
      rule.putObject("serve").put("variant", "a");
    }
    assertThat(errorsOf(body)).singleElement().asString().contains("rules[100].when");
  }

  // ---- rollouts

  @Test
  void sameIdKeepsSaltAndSlotsAndMovesAsFewAsPossible() {
    var salts = new AtomicInteger();
    var first = reweigh(null, "'weights':{'a':50,'b':50}", salts);
    var second = reweigh(first.targeting(), "'weights':{'a':60,'b':40}", salts);
    assertThat(second.moved()).isEqualTo(Map.of("default", 10_000));
    assertThat(otherwise(second).salt()).isEqualTo("salt-1");
    assertThat(otherwise(second).slots())
        .containsExactly(new Slot("a", 50_000), new Slot("b", 40_000), new Slot("a", 10_000));
    var third = reweigh(second.targeting(), "'weights':{'a':50,'b':50}", salts);
    assertThat(otherwise(third).slots()).isEqualTo(otherwise(first).slots());
    assertThat(third.moved()).isEqualTo(Map.of("default", 10_000));
    assertThat(salts).hasValue(1);
  }

  @Test
  void sameWeightsChangeNothing() {
    var first = reweigh(null, "'weights':{'a':33.333,'b':66.667}", new AtomicInteger());
    var again =
        reweigh(first.targeting(), "'weights':{'b':66.667,'a':33.333}", new AtomicInteger(9));
    assertThat(again.targeting()).isEqualTo(first.targeting());
    assertThat(again.moved()).isEmpty();
    assertThat(otherwise(again).slots())
        .containsExactly(new Slot("a", 33_333), new Slot("b", 66_667));
  }

  @Test
  void removedVariantWithoutWeightDoesNotStopAnAnswerFromBeingPutBack() {
    var first = reweigh(null, "'weights':{'a':40,'b':60,'gone':0}", new AtomicInteger());
    assertThat(otherwise(first).weights()).isEqualTo(Map.of("a", 40_000, "b", 60_000));
  }

  @Test
  void reshuffleReplacesSaltAndSlots() {
    var salts = new AtomicInteger();
    var first = reweigh(null, "'weights':{'a':50,'b':50}", salts);
    var second = reweigh(first.targeting(), "'weights':{'a':60,'b':40}", salts);
    var fresh = reweigh(second.targeting(), "'weights':{'a':60,'b':40},'reshuffle':true", salts);
    assertThat(fresh.reshuffled()).isEqualTo(Set.of("default"));
    assertThat(fresh.moved()).isEmpty();
    assertThat(otherwise(fresh).salt()).isEqualTo("salt-2");
    assertThat(otherwise(fresh).slots())
        .containsExactly(new Slot("a", 60_000), new Slot("b", 40_000));
    assertThat(otherwise(fresh).history()).isEmpty();
  }

  @Test
  void callersCannotSetSaltOrSlots() {
    var first =
        reweigh(
            null,
            "'weights':{'a':100},'salt':'mine','slots':[['b',100000]],'history':[]",
            new AtomicInteger());
    assertThat(otherwise(first).salt()).isEqualTo("salt-1");
    assertThat(otherwise(first).slots()).containsExactly(new Slot("a", 100_000));
  }

  @Test
  void tooManySlotsOfferToCompact() {
    var scattered = Targeting.initial(Given.ABC).toJson().put("enabled", true);
    var rollout = scattered.putObject("default").putObject("rollout");
    rollout.put("bucketBy", "targetingKey").put("salt", "s");
    var slots = rollout.putArray("slots");
    for (int i = 0; i < 250; i++) {
      slots.addArray().add(i % 2 == 0 ? "a" : "b").add(400);
    }
    var current = Targeting.fromJson(scattered);
    // c takes the last fifth of a and of b, in between what is left
    var weights = "'weights':{'a':0.01,'b':50,'c':49.99}";
    assertThat(otherwise(reweigh(current, weights, new AtomicInteger())).slots())
        .hasSizeLessThanOrEqualTo(Limits.SLOTS);

    var full = scattered(256);
    var refused =
        catchThrowable(
            () -> reweigh(full, "'weights':{'a':49.9,'b':49.9,'c':0.2}", new AtomicInteger()));
    assertThat(refused).isInstanceOf(Problem.Invalid.class);
    assertThat(((Problem) refused).code()).isEqualTo("too-many-slots");
    assertThat(((Problem) refused).errors())
        .extracting(Given::text)
        .singleElement()
        .asString()
        .startsWith("default.rollout.weights: would need 25")
        .contains("\"compact\": true");
    var compacted =
        reweigh(full, "'weights':{'a':49.9,'b':49.9,'c':0.2},'compact':true", new AtomicInteger());
    assertThat(otherwise(compacted).slots()).hasSize(3);
    assertThat(otherwise(compacted).salt()).isEqualTo("s");
    assertThat(((Problem) refused).errors().getFirst().message())
        .contains("and " + compacted.moved().get("default") + " of 100000");
  }

  // ----

  private static Targeting scattered(int count) {
    var json = Targeting.initial(Given.ABC).toJson();
    var rollout = json.putObject("default").putObject("rollout");
    rollout.put("bucketBy", "targetingKey").put("salt", "s");
    var slots = rollout.putArray("slots");
    int left = Slot.TOTAL;
    for (int i = 0; i < count; i++) {
      int width = i == count - 1 ? left : Slot.TOTAL / count;
      left -= width;
      slots.addArray().add(i % 2 == 0 ? "a" : "b").add(width);
    }
    return Targeting.fromJson(json);
  }

  private static Targeting.Read reweigh(Targeting current, String rollout, AtomicInteger salts) {
    var body = Given.body(Given.ABC, "{'default':{'rollout':{" + rollout + "}}}");
    var errors = new FieldErrors();
    var read =
        Targeting.read(
            body, "", Given.ABC, current, () -> "salt-" + salts.incrementAndGet(), errors);
    errors.throwIfAny();
    return read;
  }

  private static Serve.Rollout otherwise(Targeting.Read read) {
    return (Serve.Rollout) read.targeting().otherwise();
  }

  private static Serve.Rollout rollout(Targeting targeting, int rule) {
    return (Serve.Rollout) targeting.rules().get(rule).serve();
  }

  private static JsonNode nested(int depth) {
    JsonNode node = Given.json("{'segment':'s'}");
    for (int i = 1; i < depth; i++) {
      var outer = Json.object();
      outer.set("not", node);
      node = outer;
    }
    return node;
  }

  private static JsonNode wide(int leaves) {
    var node = Json.object();
    var all = node.putArray("all");
    for (int i = 0; i < leaves; i++) {
      all.addObject().put("segment", "s");
    }
    return node;
  }

  private static JsonNode rules(JsonNode when) {
    var body = Given.body(Given.ABC, "{}");
    var rule = body.putArray("rules").addObject().put("id", "r");
    rule.set("when", when);
    rule.putObject("serve").put("variant", "a");
    return body;
  }

  private static JsonNode manyRules(int count) {
    var body = Given.body(Given.ABC, "{}");
    var rules = body.putArray("rules");
    for (int i = 0; i < count; i++) {
      var rule = rules.addObject().put("id", "r" + i);
      rule.putObject("when").putArray("all");
      rule.putObject("serve").put("variant", "a");
    }
    return body;
  }

  private static JsonNode manyTargets(int count) {
    var body = Given.body(Given.ABC, "{}");
    var targets = body.putArray("targets");
    for (int part = 0; part < 2; part++) {
      var keys = targets.addObject().put("variant", "a").putArray("keys");
      for (int i = part; i < count; i += 2) {
        keys.add("u" + i);
      }
    }
    return body;
  }

  /// JSON with single quotes, one of which may stand in a word.
  private static JsonNode quoted(String text) {
    return Json.parseOwn(
        text.replace("n't", "n\u0000t").replace('\'', '"').replace('\u0000', '\''));
  }

  private static List<String> errorsOf(JsonNode body) {
    var errors = new FieldErrors();
    var _ = Targeting.read(body, "", Given.ABC, null, () -> "s", errors);
    return Given.texts(errors);
  }

  private static Targeting.Read read(FlagShape shape, JsonNode fields) {
    var body = Targeting.initial(shape).toJson().put("enabled", true);
    fields.properties().forEach(p -> body.set(p.getKey(), p.getValue()));
    var errors = new FieldErrors();
    var read = Targeting.read(body, "", shape, null, () -> "s", errors);
    errors.throwIfAny();
    return read;
  }
}
