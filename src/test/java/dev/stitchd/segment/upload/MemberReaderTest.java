package dev.stitchd.segment.upload;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.kernel.FieldError;
import dev.stitchd.kernel.Problem;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemberReaderTest {

  private static final Map<String, String> SMALL = Map.of("chunk-rows", "2", "members", "9");

  private static MemberReader csv() {
    return new MemberReader(LineReader.csv(true), UploadSettingsTest.bind(SMALL));
  }

  private static MemberReader json() {
    return new MemberReader(LineReader.ndjson(false), UploadSettingsTest.bind(SMALL));
  }

  /// The members that come out, as `key+` or `key-`, when the text arrives in pieces.
  private static List<String> read(MemberReader reader, String text, int piece) {
    var bytes = text.getBytes(UTF_8);
    var chunks = new ArrayList<CopyChunk>();
    for (int i = 0; i < bytes.length; i += piece) {
      chunks.addAll(reader.read(Arrays.copyOfRange(bytes, i, Math.min(bytes.length, i + piece))));
    }
    chunks.addAll(reader.end());
    assertThat(chunks).allMatch(chunk -> chunk.rows() <= 2);
    return chunks.stream().flatMap(chunk -> rows(chunk).stream()).toList();
  }

  /// Understands PostgreSQL's binary format, as PostgreSQL does.
  private static List<String> rows(CopyChunk chunk) {
    var data =
        Unpooled.wrappedBuffer(chunk.copyData().collectList().block().toArray(ByteBuf[]::new));
    assertThat(data.readCharSequence(11, java.nio.charset.StandardCharsets.ISO_8859_1))
        .hasToString("PGCOPY\n\u00ff\r\n\0");
    assertThat(data.readLong()).isZero();
    var rows = new ArrayList<String>();
    while (data.readShort() == 2) {
      assertThat(data.readInt()).isEqualTo(1);
      var side = data.readByte() == 1 ? "+" : "-";
      rows.add(data.readCharSequence(data.readInt(), UTF_8) + side);
    }
    assertThat(data.isReadable()).isFalse();
    return rows;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 1000})
  void csvReadsTheSameHoweverItIsCut(int piece) {
    var text =
        "\ufeffkey,list\r\nu1\r\n\"a \"\"b\"\", c\",excluded\nä€😀,\n\"q\"\nplain \"x\",\"included\"\nlast";
    assertThat(read(csv(), text, piece))
        .containsExactly("u1+", "a \"b\", c-", "ä€😀+", "q+", "plain \"x\"+", "last+");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 1000})
  void ndjsonReadsTheSameHoweverItIsCut(int piece) {
    var text = "{\"key\":\"u\\n1\"}\n{\"list\":\"included\",\"key\":\"\\u00e4\"}\n";
    assertThat(read(json(), text, piece)).containsExactly("u\n1-", "ä+");
  }

  @Test
  void aFileWithoutAHeaderLosesNothing() {
    assertThat(read(csv(), "u1\nkey\n", 100)).containsExactly("u1+", "key+");
  }

  @Test
  void whatIsWrongIsNamedByLineAndNothingComesAfterIt() {
    var reader = csv();
    var text =
        "ok\nok2\n\n\"open\n"
            + "x".repeat(513)
            + "\na,b\nu,included,3\nn\0l\n"
            + "y".repeat(9000)
            + "\nlate\n";
    assertThat(read(reader, text, 100)).containsExactly("ok+", "ok2+");
    assertThat(reader.errors().count()).isEqualTo(7);
    assertThat(reader.errors().list())
        .extracting(FieldError::path)
        .containsExactly("line 3", "line 4", "line 5", "line 6", "line 7", "line 8", "line 9");
  }

  @Test
  void whatIsNotUtf8IsNamed() {
    var reader = csv();
    assertThat(
            reader.read(
                new byte[] {'a', (byte) 0xc3, '\n', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '\n'}))
        .isEmpty();
    assertThat(reader.errors().list())
        .extracting(FieldError::message)
        .containsOnly("the key is not UTF-8")
        .hasSize(2);
  }

  @Test
  void jsonThatIsNoMemberIsNamed() {
    var reader = json();
    var text =
        "[1]\n{\"key\":7}\n{\"key\":\"a\",\"list\":\"both\"}\n{\"key\":\"a\",\"more\":1}\n{\"key\":\"a\"\n{\"key\":\"\\ud800\"}\n{\"key\":\"\"}\n";
    assertThat(read(reader, text, 1000)).isEmpty();
    assertThat(reader.errors().count()).isEqualTo(7);
  }

  @Test
  void aListThatIsTooLongIsRefused() {
    assertThatThrownBy(() -> read(csv(), "u\n".repeat(10), 1000))
        .isInstanceOf(Problem.TooLarge.class);
  }

  @Test
  void aKeyMayBeAsLongAsTheLimitAndQuoted() {
    var key = "k".repeat(511) + "\"";
    assertThat(read(csv(), "\"" + key.replace("\"", "\"\"") + "\"\n", 1000))
        .containsExactly(key + "+");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"key\"\nu1\n",
        "KEY\nu1\n",
        "\"Key\";\"List\"\nu1;\n",
        "list,key\n,u1\n",
        "name\tkey\nAda\tu1\n",
        "\ufeff\"na\nme\"|plan|Key\r\nAda|free|u1\r\n",
        "key\ru1\r",
        "\ufeffkey\r\nu1",
        "plan,key,since\nfree,u1,\nfree,\"u1\"\n",
      })
  void aHeaderIsRecognizedHoweverItIsWritten(String text) {
    for (int piece : new int[] {1, 2, 3, 1000}) {
      assertThat(read(csv(), text, piece)).containsOnly("u1+");
    }
  }

  @Test
  void whatWasRecognizedIsTold() {
    var reader = csv();
    read(reader, "\ufeffPlan;list;Key\r\nfree;excluded;u1\r\n", 3);
    assertThat(reader.recognized())
        .hasToString(
            "{\"format\":\"csv\",\"byteOrderMark\":true,\"lineEnds\":\"crlf\",\"delimiter\":\";\",\"header\":[\"Plan\",\"list\",\"Key\"],\"ignored\":[\"Plan\"]}");
    var plain = csv();
    read(plain, "u1\ru2\nu3", 100);
    assertThat(plain.recognized())
        .hasToString(
            "{\"format\":\"csv\",\"byteOrderMark\":false,\"lineEnds\":\"mixed\",\"delimiter\":\",\",\"header\":[],\"ignored\":[]}");
    assertThat(json().recognized()).hasToString("{\"format\":\"ndjson\",\"byteOrderMark\":false}");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 1000})
  void eachKindOfLineEndEndsALine(int piece) {
    assertThat(read(csv(), "u1\ru2\r\nu3\nu4,excluded\r", piece))
        .containsExactly("u1+", "u2+", "u3+", "u4-");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 1000})
  void aQuotedKeyMayHoldLineBreaks(int piece) {
    assertThat(read(csv(), "key,list\n\"a\nb\",excluded\r\n\"c\r\n\"\n\"\rd\"\"\"\n", piece))
        .containsExactly("a\nb-", "c\r\n+", "\rd\"+");
  }

  @Test
  void withoutAHeaderAnotherDelimiterIsTakenOnlyFromAnUnmistakableFirstLine() {
    assertThat(read(csv(), "a,b;excluded\nu;included\nv;\n", 100))
        .containsExactly("a,b-", "u+", "v+");
    assertThat(read(csv(), "a;b\nkey,excluded\n", 100)).containsExactly("a;b+", "key-");
    var mistaken = csv();
    assertThat(read(mistaken, "a\nu;excluded\n\"v;excluded\"\n", 100)).isEmpty();
    assertThat(mistaken.errors().list()).extracting(FieldError::path).containsExactly("line 2");
  }

  @Test
  void columnsThatTheHeaderDoesNotNameAreMistakes() {
    var reader = csv();
    var text = "list,key\nincluded\nincluded,a,b\nboth,c\n";
    assertThat(read(reader, text, 100)).isEmpty();
    assertThat(reader.errors().list())
        .extracting(FieldError::path)
        .containsExactly("line 2", "line 3", "line 4");
    var twice = csv();
    assertThat(read(twice, "key,Key\na,b\n", 100)).isEmpty();
    assertThat(twice.errors().list()).extracting(FieldError::path).containsExactly("line 1");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 700, 100_000})
  void linesAfterAQuoteThatIsNeverClosedAreReadAsWell(int piece) {
    var reader = csv();
    var text = "\"open\r\nok\n\na,b\n" + "k\n".repeat(5000) + "\"again";
    assertThatThrownBy(() -> read(reader, text, piece)).isInstanceOf(Problem.TooLarge.class);
    assertThat(reader.errors().list())
        .extracting(FieldError::path)
        .containsExactly("line 1", "line 3", "line 4");
  }

  @Test
  void openQuotesWithoutEndCostNoMoreThanTheirLength() {
    var reader = csv();
    var bytes = ("\"\n" + "a\",\"\n".repeat(1_000_000)).getBytes(UTF_8);
    long start = System.nanoTime();
    assertThat(reader.read(bytes)).isEmpty();
    assertThat(reader.end()).isEmpty();
    assertThat(reader.errors().count()).isPositive();
    assertThat(java.time.Duration.ofNanos(System.nanoTime() - start)).hasSeconds(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "key\n", "\ufeffkey,list\r\n", "\"key\""})
  void anUploadWithoutMembersIsEmpty(String text) {
    var reader = csv();
    assertThat(read(reader, text, 2)).isEmpty();
    assertThat(reader.isEmpty()).isTrue();
  }
}
