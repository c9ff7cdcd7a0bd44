package dev.stitchd.delivery.spool;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.delivery.EncodedBatch;
import dev.stitchd.delivery.EventKind;
import dev.stitchd.delivery.Events;
import dev.stitchd.delivery.InMemoryEventSink;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class SpooledBatchTest {

  private static final Instant NOW = Instant.parse("2026-10-15T12:00:00Z");

  static EncodedBatch batch(String token, int rows) {
    var events = Events.evaluations(Events.environment(), rows);
    return new InMemoryEventSink().encode(token, EventKind.EVALUATION, events);
  }

  private static void same(EncodedBatch one, EncodedBatch other) {
    assertThat(one).usingRecursiveComparison().isEqualTo(other);
  }

  @Test
  void whatIsWrittenIsRead() throws Exception {
    var batch = batch("a1b2-7.0.1", 23);
    var read = SpooledBatch.read(new SpooledBatch(batch, NOW).bytes());
    same(read.batch(), batch);
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

    var batch = SpooledBatch.read(file.toByteArray()).batch();

    assertThat(batch.token()).isEqualTo("p-1");
    assertThat(batch.columns()).containsExactly("environment_id", "id", "flag");
    assertThat(batch.rows()).isEqualTo(2);
    assertThat(batch.environment(1).value()).isEqualTo(environment);
    assertThat(batch.id(1)).isEqualTo(id);
    assertThat(new SpooledBatch(batch, NOW).bytes()).isEqualTo(file.toByteArray());
  }

  @Test
  void everyFlippedByteAndEveryCutIsNoticed() {
    var whole = new SpooledBatch(batch("t", 3), NOW).bytes();
    for (int i = 0; i < whole.length; i++) {
      var flipped = whole.clone();
      flipped[i] ^= 0x20;
      assertThatThrownBy(() -> SpooledBatch.read(flipped)).isInstanceOf(SpooledBatch.Damaged.class);
      var cut = java.util.Arrays.copyOf(whole, i);
      assertThatThrownBy(() -> SpooledBatch.read(cut)).isInstanceOf(SpooledBatch.Damaged.class);
    }
  }

  @Test
  void namesThatAreNoneNeverReachAStatement() {
    var row = batch("t", 1);
    var hostile = new EncodedBatch("t", "x) SELECT 1 --", row.columns(), 1, row.ends(), row.data());
    assertThatThrownBy(() -> SpooledBatch.read(new SpooledBatch(hostile, NOW).bytes()))
        .isInstanceOf(SpooledBatch.Damaged.class)
        .hasMessageContaining("is no name");
    var column = new EncodedBatch("t", "x", List.of("a; DROP"), 1, row.ends(), row.data());
    assertThatThrownBy(() -> SpooledBatch.read(new SpooledBatch(column, NOW).bytes()))
        .isInstanceOf(SpooledBatch.Damaged.class);
  }

  @Test
  void halvesHoldEveryRowOnceInOrder() {
    var batch = batch("t", 5);
    var halves = new EncodedBatch.Part(batch, 0).halves();
    assertThat(halves).extracting(half -> half.batch().token()).containsExactly("t.0", "t.1");
    assertThat(halves).extracting(half -> half.batch().rows()).containsExactly(2, 3);
    assertThat(halves.get(0).batch().id(1)).isEqualTo(batch.id(1));
    assertThat(halves.get(1).batch().id(0)).isEqualTo(batch.id(2));
    assertThat(halves.get(1).batch().id(2)).isEqualTo(batch.id(4));
    var quarters = halves.get(1).halves();
    assertThat(quarters).extracting(EncodedBatch.Part::firstRow).containsExactly(2, 3);
    assertThat(quarters.get(1).of(List.of(0, 1, 2, 3, 4))).containsExactly(3, 4);
  }
}
