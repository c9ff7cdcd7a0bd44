package dev.stitchd.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.Json;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class SummaryTest {

  private static final Actor ADA = Actor.user(UUID.randomUUID(), "ada@example.org");
  private static final String TARGETING = "/projects/web/flags/checkout/environments/production";

  private static String of(String action, String path, String before, String after) {
    return Summary.of(AuditNote.of(action, path, Map.of(), json(before), json(after)), ADA);
  }

  private static JsonNode json(String text) {
    return text == null ? null : Json.parseOwn(text.replace('\'', '"'));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {'enabled':false} | {'enabled':true} | switched on
          {'default':{'variant':'off'}} | {'default':{'variant':'on'}} | default: 'off' → 'on'
          {'default':{'rollout':{'weights':{'on':10,'off':90}}}} | {'default':{'rollout':{'weights':{'on':50,'off':50}}}} | default: 'on' 10 % → 50 %
          {'default':{'rollout':{'weights':{'a':10,'b':40,'c':50}}}} | {'default':{'rollout':{'weights':{'a':20,'b':30,'c':50}}}} | default: 'a' 10 % → 20 %, 'b' 40 % → 30 %
          {'default':{'variant':'off'}} | {'default':{'rollout':{'weights':{'on':0.5,'off':99.5}}}} | default: 'off' → 'on' 0.5 %, 'off' 99.5 %
          {'rules':[]} | {'rules':[{'id':'beta','serve':{'variant':'on'}}]} | rule 'beta' added
          {'rules':[{'id':'beta','serve':{'variant':'on'}}]} | {'rules':[{'id':'beta','serve':{'variant':'off'},'when':{}}]} | rule 'beta': 'on' → 'off', another condition
          {'rules':[{'id':'a'},{'id':'b'}]} | {'rules':[{'id':'b'},{'id':'a'}]} | rules in another order
          {'rules':[{'id':'a'}]} | {'rules':[]} | rule 'a' removed
          {'targets':[]} | {'targets':[{'contextType':'user','variant':'on','keys':['u1','u2','u3','u4','u5']}]} | targets user/on: +'u1', +'u2', +'u3', and 2 more
          {'name':'A','version':1} | {'name':'A','version':2} | written as it was
          {'offVariant':'off'} | {'offVariant':'on'} | offVariant: 'off' → 'on'
          """)
  void targetingIsToldInWords(String before, String after, String told) {
    assertThat(of("flag.targeting.update", TARGETING, before, after))
        .isEqualTo("checkout in production: " + told + ", by ada@example.org");
  }

  @Test
  void thingsAreCalledByTheirKeysAndElseByTheirNames() {
    assertThat(of("flag.create", "/projects/web/flags/checkout", null, "{'key':'checkout'}"))
        .isEqualTo("flag checkout: created, by ada@example.org");
    assertThat(
            of(
                "sdk-key.revoke",
                "/projects/web/environments/production/sdk-keys/47",
                "{'name':'app','revokedAt':null}",
                "{'name':'app','revokedAt':'x'}"))
        .isEqualTo("sdk key 'app' in production: revoked, by ada@example.org");
    assertThat(
            of(
                "segment.members.add",
                "/projects/web/environments/production/segments/vip/members",
                "{'included':10}",
                "{'included':13}"))
        .isEqualTo("members of vip in production: included: 10 → 13, by ada@example.org");
    assertThat(of("token.create", "/tokens/47", null, "{'id':'47'}"))
        .isEqualTo("token 47: created, by ada@example.org");
  }

  @Test
  void manyChangesAreCountedAndLongValuesCut() {
    var told =
        of(
            "flag.update",
            "/projects/web/flags/checkout",
            "{'key':'checkout','a':1,'b':1,'c':1,'d':1,'e':1,'f':1,'tags':['x']}",
            "{'key':'checkout','a':'%s','b':2,'c':2,'d':2,'e':2,'f':2,'tags':['y']}"
                .formatted("x".repeat(5_000)));
    assertThat(told).hasSizeLessThan(300).contains("…'; b: 1 → 2").contains("and 2 more");
  }

  @Test
  void theServersOwnWorkIsToldAsSuch() {
    var note =
        AuditNote.of(
            "event-definition.create",
            "/projects/web/environments/production/event-definitions/purchase",
            Map.of(),
            null,
            json("{'key':'purchase'}"));
    assertThat(Summary.of(note, Actor.system("auto-registration")))
        .isEqualTo(
            "event definition purchase in production: created, by the server (auto-registration)");
  }
}
