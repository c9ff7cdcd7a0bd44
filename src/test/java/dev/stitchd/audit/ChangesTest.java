package dev.stitchd.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.Json;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ChangesTest {

  private static String between(String before, String after) {
    return Changes.between(json(before), json(after)).list().toString().replace('"', '\'');
  }

  private static JsonNode json(String text) {
    return text == null ? null : Json.parseOwn(text.replace('\'', '"'));
  }

  @Test
  void fieldsAreComparedByTheirPaths() {
    assertThat(
            between(
                "{'default':{'variant':'off'},'name':'A','same':[1,[2]]}",
                "{'default':{'variant':'on'},'name':'A','same':[1,[2]],'new':null}"))
        .isEqualTo(
            "[{'path':'default.variant','before':'off','after':'on'},{'path':'new','after':null}]");
  }

  @Test
  void whatEveryUpdateChangesIsNoChange() {
    assertThat(
            between(
                "{'name':'A','version':1,'updatedAt':'x','updatedBy':'a'}",
                "{'name':'A','version':2,'updatedAt':'y','updatedBy':'b'}"))
        .isEqualTo("[]");
  }

  @Test
  void aCreationAndADeletionListEveryField() {
    var thing =
        "{'key':'k','settings':{'a':1,'b':{}},'tags':['x'],'rules':[{'id':'r'}],'version':1}";
    assertThat(between(null, thing))
        .isEqualTo(
            "[{'path':'key','after':'k'},{'path':'settings.a','after':1},{'path':'settings.b','after':{}},"
                + "{'path':'tags','after':['x']},{'path':'rules','after':[{'id':'r'}]},{'path':'version','after':1}]");
    assertThat(between(thing, null)).isEqualTo(between(null, thing).replace("after", "before"));
  }

  @Test
  void rulesAreComparedById() {
    assertThat(
            between(
                "{'rules':[{'id':'a','serve':{'variant':'on'}},{'id':'b','when':{'all':[]}}]}",
                "{'rules':[{'id':'b','when':{'all':[]}},{'id':'a','serve':{'variant':'off'}},{'id':'c'}]}"))
        .isEqualTo(
            "[{'path':'rules','before':['a','b'],'after':['b','a']},"
                + "{'path':'rules[a].serve.variant','before':'on','after':'off'},{'path':'rules[c]','after':{'id':'c'}}]");
    assertThat(between("{'rules':[{'id':'a','x':{'y':1}}]}", "{'rules':[]}"))
        .isEqualTo("[{'path':'rules[a]','before':{'id':'a','x':{'y':1}}}]");
  }

  @Test
  void targetsAreComparedByWhatTheyGiveToWhom() {
    assertThat(
            between(
                "{'targets':[{'contextType':'user','variant':'on','keys':['a','b']}]}",
                "{'targets':[{'contextType':'user','variant':'on','keys':['b','c']}]}"))
        .isEqualTo(
            "[{'path':'targets[user/on].keys[]','before':'a'},{'path':'targets[user/on].keys[]','after':'c'}]");
  }

  @Test
  void listsThatCannotBeMatchedAreComparedAsWholes() {
    assertThat(between("{'slots':[['on',1]]}", "{'slots':[['on',2]]}"))
        .isEqualTo("[{'path':'slots','before':[['on',1]],'after':[['on',2]]}]");
    assertThat(between("{'rules':[{'id':'a'},{'id':'a'}]}", "{'rules':[{'id':'a'}]}"))
        .isEqualTo("[{'path':'rules','before':[{'id':'a'},{'id':'a'}],'after':[{'id':'a'}]}]");
    assertThat(between("{'tags':['a','b']}", "{'tags':['b','a']}"))
        .isEqualTo("[{'path':'tags','before':['a','b'],'after':['b','a']}]");
    assertThat(between("{'tags':['a','a']}", "{'tags':['a']}"))
        .isEqualTo("[{'path':'tags[]','before':'a'}]");
  }

  @Test
  void secretsStayOut() {
    assertThat(between(null, "{'name':'ci','token':'sat_x','secret':'y','password':'z'}"))
        .isEqualTo("[{'path':'name','after':'ci'}]");
  }

  @Test
  void manyChangesAndLargeOnesAreCounted() {
    var many =
        IntStream.range(0, 500)
            .mapToObj(i -> "'f" + i + "':" + i)
            .collect(Collectors.joining(",", "{", "}"));
    var changes = Changes.between(null, json(many));
    assertThat(changes.list()).hasSize(200);
    assertThat(changes.more()).isEqualTo(300);

    var large = "x".repeat(40_000);
    var two = Changes.between(null, json("{'a':'%s','b':'%s','c':1}".formatted(large, large)));
    assertThat(two.list().findValuesAsString("path")).containsExactly("a", "c");
    assertThat(two.more()).isEqualTo(1);
  }
}
