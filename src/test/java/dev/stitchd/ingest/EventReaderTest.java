package dev.stitchd.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.catalog.event.DefinedEvents.Definition;
import dev.stitchd.catalog.event.EventValue;
import dev.stitchd.delivery.Event;
import dev.stitchd.ingest.LineSplitter.Line;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventReaderTest {

  private static final Instant NOW = Instant.parse("2026-10-15T12:00:00Z");
  private static final String ID = "9b2c2b1e-3a52-4bb9-9a55-0d2f7d1c7a11";
  private static final EnvironmentId ENVIRONMENT = new EnvironmentId(UUID.randomUUID());
  private static final Sender SERVER = SomeSender.server(ENVIRONMENT);
  private static final Sender CLIENT = SomeSender.client(ENVIRONMENT, "shown"::equals);

  private final EventReader reader = new EventReader(IngestSettingsTest.bind(Map.of()));

  private List<ReadEvent> array(String json, Sender sender) {
    return reader.array(json.getBytes(UTF_8), sender, NOW);
  }

  private ReadEvent one(String json) {
    return array("[" + json + "]", SERVER).getFirst();
  }

  private static String event(String more) {
    return """
    {"type":"evaluation","id":"%s","at":"2026-10-15T11:59:00Z","flag":"shown","variant":"on"%s}\
    """
        .formatted(ID, more);
  }

  private static String code(ReadEvent item) {
    return item instanceof ReadEvent.Rejected rejected ? rejected.code().code() : "valid";
  }

  @Test
  void evaluationIsReadWithOnlyTheKeyOfItsContext() {
    var item =
        one(
            """
            {"type":"evaluation","id":"9B2C2B1E-3a52-4bb9-9a55-0d2f7d1c7a11","at":"2026-10-15T13:59:00.123+02:00","flag":"shown",
             "variant":"on","ruleId":"eu","reason":"SPLIT",
             "context":{"secret":{"deep":[1,{"targetingKey":"no"}]},"targetingKey":"u1","privateAttributes":["secret"],"x":1e400}}\
            """);
    assertThat(item)
        .isInstanceOfSatisfying(
            ReadEvent.Valid.class,
            valid ->
                assertThat(valid.event())
                    .isEqualTo(
                        new Event.Evaluation(
                            ENVIRONMENT,
                            UUID.fromString(ID),
                            Instant.parse("2026-10-15T11:59:00.123Z"),
                            NOW,
                            Event.Source.SERVER_SDK,
                            "shown",
                            "on",
                            "eu",
                            "SPLIT",
                            "user",
                            "u1",
                            Map.of())));
  }

  @Test
  void trackIsReadWithItsPropertiesAsTheyWere() {
    var item =
        one(
            """
            {"type":"track","id":"%s","at":"2026-10-15T11:59:00Z","event":"purchase","value":49.90,
             "properties":{"currency":"EUR","items":[{"sku":"é\\n","n":1.0}, null, true], "big":123456789012345678901234567890},
             "context":{"targetingKey":"u1","plan":"pro"}}\
            """
                .formatted(ID));
    assertThat(((ReadEvent.Valid) item).event())
        .isEqualTo(
            new Event.Track(
                ENVIRONMENT,
                UUID.fromString(ID),
                Instant.parse("2026-10-15T11:59:00Z"),
                NOW,
                Event.Source.SERVER_SDK,
                "purchase",
                49.9,
                "{\"currency\":\"EUR\",\"items\":[{\"sku\":\"é\\n\",\"n\":1.0},null,true],\"big\":123456789012345678901234567890}",
                "user",
                "u1",
                Map.of("plan", "pro")));
  }

  @Test
  void attributesAreKeptFlatBoundedAndWithoutPrivateOnes() {
    var many =
        IntStream.range(0, 60).mapToObj(i -> "\"a" + i + "\":" + i).collect(joining(",", ",", ""));
    var item =
        event(
            """
            ,"context":{"plan":"pro","age":41,"tags":["a",1.5,true],"whole":[1,2,9007199254740993,1.0,1e2],"app.version":"1.2","a.b":[],"email":"a@b.c","home":{"city":"Ulm","street":{"no":7}},
             "organization":{"key":"acme","people":[{"name":"no"}]},"nothing":null,"huge":1e999,"nul":"\\u0000","long":"%s",
             "a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":1,"i":{"too":"deep"}}}}}}}},"targetingKey":"u1","privateAttributes":["home.street","email"]%s}\
            """
                .formatted("x".repeat(201), many));
    var hider = SomeSender.hiding(ENVIRONMENT, Set.of("a1", "organization"));
    var attributes =
        ((Event.Evaluation) ((ReadEvent.Valid) array("[" + item + "]", hider).getFirst()).event())
            .attributes();
    assertThat(attributes)
        .hasSize(50)
        .containsEntry("plan", "pro")
        .containsEntry("age", "41")
        .containsEntry("tags", "[\"a\",1.5,true]")
        .containsEntry("whole", "[1,2,9007199254740993,1.0,1e2]")
        .containsEntry("\"app.version\"", "1.2")
        .containsEntry("\"a.b\"", "[]")
        .containsEntry("home.city", "Ulm")
        .containsEntry("a.b.c.d.e.f.g.h", "1")
        .containsEntry("a2", "2")
        .doesNotContainKeys(
            "a1", "email", "home.street.no", "organization.key", "huge", "nul", "long", "nothing");
    assertThat(attributes.toString()).doesNotContain("acme", "a@b.c", "deep");
  }

  @Test
  void countIsRead() {
    var item =
        one(
            """
            {"type":"count","id":"%s","at":"2026-10-15T12:05:00Z","flag":"shown","variant":"on","count":1200}\
            """
                .formatted(ID));
    assertThat(((ReadEvent.Valid) item).event())
        .isEqualTo(
            new Event.Count(
                ENVIRONMENT,
                UUID.fromString(ID),
                NOW.plusSeconds(300),
                NOW,
                Event.Source.SERVER_SDK,
                "shown",
                "on",
                1_200));
  }

  @Test
  void nobodyIsAContextToo() {
    assertThat(((Event.Evaluation) ((ReadEvent.Valid) one(event(""))).event()).contextKey())
        .isEmpty();
    assertThat(code(one(event(",\"context\":null")))).isEqualTo("valid");
    assertThat(code(one(event(",\"context\":{}")))).isEqualTo("valid");
  }

  @Test
  void privateKeysAreNotKept() {
    var hidden =
        event(
            ",\"context\":{\"privateAttributes\":[\"plan\",\"targetingKey\"],\"targetingKey\":\"u1\"}");
    assertThat(((Event.Evaluation) ((ReadEvent.Valid) one(hidden)).event()).contextKey()).isEmpty();
    var shown = event(",\"context\":{\"targetingKey\":\"u1\",\"privateAttributes\":[\"plan\"]}");
    assertThat(((Event.Evaluation) ((ReadEvent.Valid) one(shown)).event()).contextKey())
        .isEqualTo("u1");
    var everybody = SomeSender.hiding(ENVIRONMENT, Set.of("targetingKey"));
    var item = (ReadEvent.Valid) array("[" + shown + "]", everybody).getFirst();
    assertThat(((Event.Evaluation) item.event()).contextKey()).isEmpty();
    assertThat(code(one(event(",\"context\":{\"privateAttributes\":[[]]}"))))
        .isEqualTo("malformed");
  }

  @Test
  void keyOfAContextIsBoundedInBytes() {
    assertThat(code(one(event(",\"context\":{\"targetingKey\":\"" + "é".repeat(256) + "\"}"))))
        .isEqualTo("valid");
    assertThat(code(one(event(",\"context\":{\"targetingKey\":\"" + "é".repeat(257) + "\"}"))))
        .isEqualTo("too-large");
  }

  @Test
  void idOfVersion7CarriesItsOwnTime() {
    // 2026-10-15T11:00:00Z
    var seven = "%08x-%04x-7abc-8abc-0123456789ab";
    long millis = NOW.minusSeconds(3_600).toEpochMilli();
    var id = seven.formatted(millis >>> 16, millis & 0xffff);
    var item =
        one(
            """
            {"type":"evaluation","id":"%s","flag":"shown","variant":"on"}\
            """
                .formatted(id));
    assertThat(((ReadEvent.Valid) item).event().at()).isEqualTo(NOW.minusSeconds(3_600));
    assertThat(
            code(
                one(
                    """
                    {"type":"evaluation","id":"%s","flag":"shown","variant":"on"}\
                    """
                        .formatted(ID))))
        .isEqualTo("missing-at");
  }

  @ParameterizedTest
  @CsvSource({
    "2026-10-08T12:00:00Z, valid",
    "2026-10-08T11:59:59.999Z, at-out-of-range",
    "2026-10-15T12:05:00Z, valid",
    "2026-10-15T12:05:00.001Z, at-out-of-range",
    "1970-01-01T00:00:00Z, at-out-of-range",
    "+99999-01-01T00:00:00Z, at-out-of-range",
    "yesterday, bad-at",
    "2026-10-15, bad-at",
    "'', bad-at"
  })
  void timesAreNeverMoved(String at, String code) {
    assertThat(
            code(
                one(
                    """
                    {"type":"evaluation","id":"%s","at":"%s","flag":"shown","variant":"on"}\
                    """
                        .formatted(ID, at))))
        .isEqualTo(code);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "42 | malformed",
        "[[]] | malformed",
        "null | malformed",
        "{} | missing-field",
        "{'type':'purchase','id':'@'} | unknown-type",
        "{'type':5} | malformed",
        "{'type':'track','id':'@','event':'purchase','value':1e400,'properties':{'a':1}} | bad-value",
        "{'type':'track','id':'@','event':'purchase','value':'49'} | bad-value",
        "{'type':'track','id':'@','at':'#'} | missing-field",
        "{'type':'track','id':'@','at':'#','event':'a\\u0007bell'} | bad-event",
        "{'type':'track','id':'@','at':'#','event':'purchase','flag':'shown'} | malformed",
        "{'type':'track','id':'@','at':'#','event':'purchase','properties':[]} | malformed",
        "{'type':'track','id':'@','at':'#','event':'purchase','properties':{'a':[-1e999]}} | number-not-storable",
        "{'type':'track','id':'@','at':'#','event':'purchase','properties':{'a':'\\u0000'}} | text-not-storable",
        "{'type':'track','id':'@','at':'#','event':'purchase','properties':{'\\udc00':1}} | text-not-storable",
        "{'type':'track','id':'@','at':'#','event':'purchase','properties':{'a':[[[[[[[[1]]]]]]]]}} | malformed",
        "{'type':'evaluation','id':'@','at':'#','flag':'shown','variant':'on','value':1} | malformed",
        "{'type':'count','id':'@','at':'#','flag':'shown','variant':'on','count':1,'event':'purchase'} | malformed",
        "{'type':'evaluation'} | missing-id",
        "{'type':'evaluation','id':null} | missing-id",
        "{'type':'evaluation','id':'1-1-1-1-1'} | bad-id",
        "{'type':'evaluation','id':'00000000-0000-0000-0000-000000000000'} | bad-id",
        "{'type':'evaluation','id':'9b2c2b1e3a524bb99a550d2f7d1c7a11'} | bad-id",
        "{'type':'evaluation','id':'+b2c2b1e-3a52-4bb9-9a55-0d2f7d1c7a1'} | bad-id",
        "{'type':'evaluation','id':'@','at':'#','variant':'on'} | missing-field",
        "{'type':'evaluation','id':'@','at':'#','flag':'shown'} | missing-field",
        "{'type':'evaluation','id':'@','at':'#','flag':'Not a key','variant':'on'} | bad-flag",
        "{'type':'evaluation','id':'@','at':'#','flag':'shown','variant':' '} | malformed",
        "{'type':'evaluation','id':'@','at':'#','flag':'shown','variant':'on','count':3} | malformed",
        "{'type':'evaluation','id':'@','at':'#','flag':'shown','variant':'on','colour':3} | malformed",
        "{'type':'evaluation','id':'@','at':'#','flag':'shown','variant':'on','context':[1]} | malformed",
        "{'type':'evaluation','id':'@','at':'#','flag':'shown','variant':'on','context':{'targetingKey':7}} | malformed",
        "{'type':'evaluation','id':'@','at':'#','flag':'shown','variant':'a\\u0000b'} | text-not-storable",
        "{'type':'evaluation','id':'@','at':'#','flag':'shown','variant':'on','context':{'targetingKey':'\\ud800'}} | text-not-storable",
        "{'type':'count','id':'@','at':'#','flag':'shown','variant':'on'} | missing-field",
        "{'type':'count','id':'@','at':'#','flag':'shown','variant':'on','count':0} | bad-count",
        "{'type':'count','id':'@','at':'#','flag':'shown','variant':'on','count':-1} | bad-count",
        "{'type':'count','id':'@','at':'#','flag':'shown','variant':'on','count':1.5} | bad-count",
        "{'type':'count','id':'@','at':'#','flag':'shown','variant':'on','count':1e400} | bad-count",
        "{'type':'count','id':'@','at':'#','flag':'shown','variant':'on','count':'3'} | bad-count",
        "{'type':'count','id':'@','at':'#','flag':'shown','variant':'on','count':99999999999999999999} | bad-count",
        "{'type':'count','id':'@','at':'#','flag':'shown','variant':'on','count':1000000001} | bad-count"
      })
  void whatIsWrongWithOneEventRejectsThatEventAndNoOther(String event, String code) {
    var json = event.replace('\'', '"').replace("@", ID).replace("#", "2026-10-15T11:59:00Z");
    var items = array("[" + event("") + "," + json + "," + event("") + "]", SERVER);
    assertThat(items).extracting(EventReaderTest::code).containsExactly("valid", code, "valid");
    assertThat(items).extracting(ReadEvent::index).containsExactly(0, 1, 2);
    assertThat(code(line(json))).isEqualTo(code);
  }

  private ReadEvent line(String json) {
    return reader.line(0, new Line.Text(json.getBytes(UTF_8)), SERVER, NOW);
  }

  @Test
  void largeEventIsRejectedByItsOwnSize() {
    var most = 64 * 1024;
    var pad = most - event(",\"context\":{\"x\":\"\"}").length();
    assertThat(code(one(event(",\"context\":{\"x\":\"" + "x".repeat(pad) + "\"}"))))
        .isEqualTo("valid");
    assertThat(code(one(event(",\"context\":{\"x\":\"" + "x".repeat(pad + 1) + "\"}"))))
        .isEqualTo("too-large");
    assertThat(code(reader.line(3, new Line.TooLong(), SERVER, NOW))).isEqualTo("too-large");
  }

  @Test
  void clientKeyMayOnlySendEvaluationsOfFlagsItSees() {
    var items =
        array(
            "["
                + event("")
                + ","
                + event("").replace("shown", "hidden")
                + ","
                + """
                {"type":"count","id":"%s","at":"2026-10-15T11:59:00Z","flag":"shown","variant":"on","count":1}]\
                """
                    .formatted(ID),
            CLIENT);
    assertThat(items)
        .extracting(EventReaderTest::code)
        .containsExactly("valid", "not-visible", "not-allowed");
    assertThat(((ReadEvent.Valid) items.getFirst()).event().source())
        .isEqualTo(Event.Source.CLIENT_SDK);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "'event':'signup' | valid",
        "'event':'signup','value':null | valid",
        "'event':'signup','value':1 | bad-value",
        "'event':'purchase','value':49.9 | valid",
        "'event':'purchase' | bad-value",
        "'event':'purchase','value':1,'properties':{'currency':'EUR'} | valid",
        "'event':'purchase','value':1,'properties':{'colour':{'currency':1}} | property-not-allowed",
        "'event':'items','value':3 | valid",
        "'event':'items','value':3.0 | valid",
        "'event':'items','value':3.5 | bad-value",
        "'event':'items','value':9007199254740991 | valid",
        "'event':'items','value':-9007199254740991 | valid",
        "'event':'items','value':9007199254740993 | bad-value",
        "'event':'items','value':-9007199254740992 | bad-value",
        "'event':'items','value':1e300 | bad-value",
        "'event':'items','value':9007199254740990.6 | bad-value",
        "'event':'items','value':1e-400 | bad-value",
        "'event':'items','value':1e-99999999999 | bad-value",
        "'event':'purchase','value':0.1234567890123456789 | valid",
        "'event':'items' | bad-value",
        "'event':'rating' | valid",
        "'event':'rating','value':3.5,'properties':{'any':1} | valid",
        "'event':'nothing' | unknown-event"
      })
  void trackEventsAreTakenAsTheyAreDefined(String fields, String code) {
    var event =
        "{'type':'track','id':'@','at':'2026-10-15T11:59:00Z',%s}"
            .formatted(fields)
            .replace('\'', '"')
            .replace("@", ID);
    var rules =
        SomeSender.rules(
            false,
            new Definition("signup", EventValue.NONE, null),
            new Definition("purchase", EventValue.NUMBER, Set.of("currency", "sku")),
            new Definition("items", EventValue.INTEGER, Set.of()),
            new Definition("rating", EventValue.OPTIONAL, null));
    assertThat(code(array("[" + event + "]", SERVER.with(rules)).getFirst())).isEqualTo(code);
  }

  @Test
  void unknownEventsAreTakenWhereTheyBecomeDefinedUntilThereIsNoRoom() {
    var event =
        "[{\"type\":\"track\",\"id\":\"%s\",\"at\":\"2026-10-15T11:59:00Z\",\"event\":\"new\"}]"
            .formatted(ID);
    assertThat(code(array(event, SERVER.with(SomeSender.rules(true))).getFirst()))
        .isEqualTo("valid");
    var full =
        IntStream.range(0, 1_000)
            .mapToObj(i -> new Definition("e" + i, EventValue.NONE, null))
            .toArray(Definition[]::new);
    assertThat(code(array(event, SERVER.with(SomeSender.rules(true, full))).getFirst()))
        .isEqualTo("unknown-event");
  }

  @Test
  void whereDefinitionsAreNotKnownNobodyIsToldThatAnEventIsWrong() {
    var rules = new TrackRules(null, false);
    assertThat(code(array("[" + event("") + "]", SERVER.with(rules)).getFirst()))
        .isEqualTo("valid");
    assertThatThrownBy(() ->
            array(
                "[{\"type\":\"track\",\"id\":\"%s\",\"at\":\"2026-10-15T11:59:00Z\",\"event\":\"new\"}]"
                    .formatted(ID),
                SERVER.with(rules)))
        .isInstanceOf(Problem.Unavailable.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{}",
        "7",
        "null",
        "[",
        "[{]",
        "[{}",
        "[{},]",
        "[{}] x",
        "[{},,{}]",
        "[,]",
        "[{}}]",
        "[\"]",
        "{}[]",
        "nope"
      })
  void whatIsNoArrayIsRefusedWhole(String body) {
    assertThatThrownBy(() -> array(body, SERVER)).isInstanceOf(Problem.Malformed.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\":1,\"a\":2}",
        "{\"a\":nope}",
        "{\"a\":\"\u0001\"}",
        "{\"a\":\"[{\\q,\"}",
        "{\"\\ud800\":1}",
        "{\"type\":\"track\",\"id\":\"9\",\"value\":NaN}",
        "nope"
      })
  void elementThatIsNotJsonIsRejectedAlone(String element) {
    var items = array("[ " + event("") + " , " + element + ",\n" + event("") + "]", SERVER);
    assertThat(items)
        .extracting(EventReaderTest::code)
        .containsExactly("valid", "malformed", "valid");
    assertThat(items).extracting(ReadEvent::index).containsExactly(0, 1, 2);
  }

  @Test
  void nestingWithoutEndIsRejectedAlone() {
    var deep = "[".repeat(9_000) + "]".repeat(9_000);
    assertThat(
            array("[" + event("") + "," + event(",\"context\":{\"x\":" + deep + "}") + "]", SERVER))
        .extracting(EventReaderTest::code)
        .containsExactly("valid", "malformed");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"\\ud800x\":1",
        "\"\\uDC00\":{\"y\":1}",
        "\"n\":%1$s",
        "\"n\":0.%1$s",
        "\"%2$s\":1"
      })
  void whatOnlyTheParserWouldRefuseOfAContextCostsNothingElse(String odd) {
    var context =
        ",\"context\":{\"targetingKey\":\"u1\",%s,\"plan\":\"free\"}"
            .formatted(odd.formatted("1".repeat(1_001), "k".repeat(50_001)));
    for (var item :
        List.of(
            one(event(context)),
            line(event(context)),
            array("[" + event("") + ",nonsense," + event(context) + "]", SERVER).getLast())) {
      assertThat(item)
          .isInstanceOfSatisfying(
              ReadEvent.Valid.class,
              valid ->
                  assertThat(((Event.Evaluation) valid.event()).attributes())
                      .isEqualTo(Map.of("plan", "free")));
    }
  }

  @Test
  void whatOnlyTheParserWouldRefuseElsewhereIsToldWithTheId() {
    for (var odd : List.of("\"\\ud800\":1", "\"count\":" + "1".repeat(1_001))) {
      assertThat(((ReadEvent.Rejected) one(event("," + odd))).id()).isEqualTo(ID);
    }
  }

  @Test
  void brokenUtf8IsRejectedAloneAndBottomlessNestingIsRefused() {
    var broken = ("[" + event("") + "," + event("") + "]").getBytes(UTF_8);
    broken[30] = (byte) 0xff;
    assertThat(reader.array(broken, SERVER, NOW))
        .extracting(EventReaderTest::code)
        .containsExactly("malformed", "valid");
    var deep = "[" + event(",\"context\":{\"x\":" + "[".repeat(100_000)) + "]";
    assertThatThrownBy(() -> array(deep, SERVER)).isInstanceOf(Problem.Malformed.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"type\":\"evalu", "{} {}", "nonsense", "{\"a\":1,\"a\":1}"})
  void brokenLineIsRejectedAlone(String text) {
    assertThat(code(line(text))).isIn("malformed");
  }

  @Test
  void rejectedEventsShowTheirIdOnlyIfItCanBeRepeated() {
    var shown = (ReadEvent.Rejected) one("{\"type\":\"x\",\"id\":\"abc\"}");
    assertThat(shown.id()).isEqualTo("abc");
    assertThat(
            ((ReadEvent.Rejected) one("{\"type\":\"x\",\"id\":\"" + "a".repeat(101) + "\"}")).id())
        .isNull();
    assertThat(((ReadEvent.Rejected) one("{\"type\":\"x\",\"id\":\"\\ud800\"}")).id()).isNull();
    var name = (ReadEvent.Rejected) one("{\"type\":\"x\",\"a\\u0000b\":1}");
    assertThat(name.detail()).isEqualTo("unknown field '?'");
  }
}
