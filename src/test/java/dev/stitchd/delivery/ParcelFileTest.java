package dev.stitchd.delivery;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class ParcelFileTest {

  private static final Instant NOW = Instant.parse("2026-10-15T12:00:00Z");

  static Parcel parcel(String token, int rows) {
    var sink = new InMemoryEventSink();
    var batch = EventSinkContract.batch(Events.evaluations(Events.environment(), rows));
    return sink.encode(new Batch(token, batch.kind(), batch.partition(), batch.rows()));
  }

  private static void same(Parcel one, Parcel other) {
    assertThat(one).usingRecursiveComparison().isEqualTo(other);
  }

  @Test
  void whatIsWrittenIsRead() throws Exception {
    var parcel = parcel("a1b2-7.0.1", 23);
    var read = ParcelFile.read(new ParcelFile(parcel, NOW).bytes());
    same(read.parcel(), parcel);
    assertThat(read.spooledAt()).isEqualTo(NOW);
  }

  /// Written here byte by byte, as the first version wrote it: every later one must read this.
  @Test
  void formatOneStaysReadable() throws Exception {
    var environment = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
    var id = UUID.fromString("0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
    var row = ByteBuffer.allocate(34).order(ByteOrder.LITTLE_ENDIAN);
    row.putLong(environment.getMostSignificantBits())
        .putLong(environment.getLeastSignificantBits());
    row.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
    row.put((byte) 1).put((byte) 'f');
    var file = new ByteArrayOutputStream();
    file.write("stitchd-spool 1\n".getBytes(US_ASCII));
    file.write(
        """
        {"token":"p-1","table":"evaluation_events","schema":1,"rows":2,"spooledAt":"2026-10-15T12:00:00Z","columns":["environment_id","id","flag"]}
        """
            .getBytes(US_ASCII));
    file.write(new byte[] {34, 0, 0, 0, 68, 0, 0, 0});
    file.write(row.array());
    file.write(row.array());
    var checksum = new CRC32C();
    checksum.update(file.toByteArray());
    file.write(
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(checksum.getValue()).array());

    var parcel = ParcelFile.read(file.toByteArray()).parcel();

    assertThat(parcel.token()).isEqualTo("p-1");
    assertThat(parcel.columns()).containsExactly("environment_id", "id", "flag");
    assertThat(parcel.rows()).isEqualTo(2);
    assertThat(parcel.environment(1).value()).isEqualTo(environment);
    assertThat(parcel.id(1)).isEqualTo(id);
    assertThat(new ParcelFile(parcel, NOW).bytes()).isEqualTo(file.toByteArray());
  }

  @Test
  void everyFlippedByteAndEveryCutIsNoticed() {
    var whole = new ParcelFile(parcel("t", 3), NOW).bytes();
    for (int i = 0; i < whole.length; i++) {
      var flipped = whole.clone();
      flipped[i] ^= 0x20;
      assertThatThrownBy(() -> ParcelFile.read(flipped)).isInstanceOf(ParcelFile.Damaged.class);
      var cut = java.util.Arrays.copyOf(whole, i);
      assertThatThrownBy(() -> ParcelFile.read(cut)).isInstanceOf(ParcelFile.Damaged.class);
    }
  }

  @Test
  void namesThatAreNoneNeverReachAStatement() {
    var row = parcel("t", 1);
    var hostile = new Parcel("t", "x) SELECT 1 --", row.columns(), 1, row.ends(), row.data());
    assertThatThrownBy(() -> ParcelFile.read(new ParcelFile(hostile, NOW).bytes()))
        .isInstanceOf(ParcelFile.Damaged.class)
        .hasMessageContaining("is no name");
    var column = new Parcel("t", "x", List.of("a; DROP"), 1, row.ends(), row.data());
    assertThatThrownBy(() -> ParcelFile.read(new ParcelFile(column, NOW).bytes()))
        .isInstanceOf(ParcelFile.Damaged.class);
  }

  @Test
  void halvesHoldEveryRowOnceInOrder() {
    var parcel = parcel("t", 5);
    var halves = parcel.halves();
    assertThat(halves).extracting(Parcel::token).containsExactly("t.0", "t.1");
    assertThat(halves).extracting(Parcel::rows).containsExactly(2, 3);
    assertThat(halves.get(0).id(1)).isEqualTo(parcel.id(1));
    assertThat(halves.get(1).id(0)).isEqualTo(parcel.id(2));
    assertThat(halves.get(1).id(2)).isEqualTo(parcel.id(4));
  }
}
