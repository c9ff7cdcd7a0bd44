package dev.stitchd.boundary;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdOutputStream;
import dev.stitchd.kernel.Problem;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

public class ContentCodingTest {

  public static byte[] gzip(byte[] plain) {
    var out = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(out)) {
      gzip.write(plain);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return out.toByteArray();
  }

  public static byte[] pack(ContentCoding coding, byte[] plain) {
    return switch (coding) {
      case IDENTITY -> plain;
      case GZIP -> gzip(plain);
      case ZSTD -> Zstd.compress(plain);
    };
  }

  private static byte[] sample(int length) {
    var random = new Random(7);
    var bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) ('a' + random.nextInt(i % 1000 < 500 ? 3 : 26));
    }
    return bytes;
  }

  private static Flux<byte[]> cut(byte[] bytes, int size) {
    return Flux.range(0, (bytes.length + size - 1) / size)
        .map(i -> Arrays.copyOfRange(bytes, i * size, Math.min(bytes.length, (i + 1) * size)));
  }

  private static byte[] joined(Flux<byte[]> pieces) {
    return pieces
        .reduce(
            new ByteArrayOutputStream(),
            (out, piece) -> {
              out.writeBytes(piece);
              return out;
            })
        .block()
        .toByteArray();
  }

  @ParameterizedTest
  @EnumSource(ContentCoding.class)
  void bodiesArriveWholeHoweverTheyAreCut(ContentCoding coding) {
    for (int length : new int[] {0, 1, 1_000, 100_000, 1_000_000}) {
      var plain = sample(length);
      var packed = pack(coding, plain);
      for (int size : new int[] {1, 7, 1_000, 65_536, 10_000_000}) {
        if (packed.length / size > 200_000) {
          continue;
        }
        assertThat(joined(coding.unpack(cut(packed, size)))).isEqualTo(plain);
      }
    }
  }

  @Test
  void severalMembersAndFramesAreOneBody() {
    var gzip = new ByteArrayOutputStream();
    gzip.writeBytes(gzip("one ".getBytes(UTF_8)));
    gzip.writeBytes(gzip("two".getBytes(UTF_8)));
    var zstd = new ByteArrayOutputStream();
    zstd.writeBytes(Zstd.compress("one ".getBytes(UTF_8)));
    zstd.writeBytes(Zstd.compress("two".getBytes(UTF_8)));
    for (int size : new int[] {1, 5, 1_000}) {
      assertThat(joined(ContentCoding.GZIP.unpack(cut(gzip.toByteArray(), size))))
          .asString(UTF_8)
          .isEqualTo("one two");
      assertThat(joined(ContentCoding.ZSTD.unpack(cut(zstd.toByteArray(), size))))
          .asString(UTF_8)
          .isEqualTo("one two");
    }
  }

  @Test
  void everyFieldOfAGzipHeaderIsUnderstood() {
    var plain = gzip("hello".getBytes(UTF_8));
    var out = new ByteArrayOutputStream();
    out.writeBytes(Arrays.copyOf(plain, 3));
    out.write(2 | 4 | 8 | 16);
    out.writeBytes(Arrays.copyOfRange(plain, 4, 10));
    out.writeBytes(new byte[] {3, 0, 1, 2, 3});
    out.writeBytes("name\0comment\0".getBytes(UTF_8));
    out.writeBytes(new byte[] {9, 9});
    out.writeBytes(Arrays.copyOfRange(plain, 10, plain.length));
    for (int size : new int[] {1, 4, 100}) {
      assertThat(joined(ContentCoding.GZIP.unpack(cut(out.toByteArray(), size))))
          .asString(UTF_8)
          .isEqualTo("hello");
    }
  }

  @ParameterizedTest
  @EnumSource(value = ContentCoding.class, names = "IDENTITY", mode = EnumSource.Mode.EXCLUDE)
  void brokenBodiesAreMalformed(ContentCoding coding) {
    var packed = pack(coding, sample(50_000));
    var broken = new ArrayList<byte[]>();
    broken.add("[{\"type\":\"evaluation\"}]".getBytes(UTF_8));
    broken.add(Arrays.copyOf(packed, packed.length - 1));
    broken.add(Arrays.copyOf(packed, packed.length / 2));
    broken.add(Arrays.copyOf(packed, 5));
    broken.add(Arrays.copyOf(packed, packed.length + 20));
    var flipped = packed.clone();
    flipped[packed.length / 2] ^= 0x55;
    if (coding == ContentCoding.GZIP) { // zstd frames from the simple API carry no checksum
      broken.add(flipped);
    }
    for (var body : broken) {
      for (int size : new int[] {11, 100_000}) {
        coding
            .unpack(cut(body, size))
            .as(StepVerifier::create)
            .thenConsumeWhile(_ -> true)
            .expectError(Problem.Malformed.class)
            .verify();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = ContentCoding.class, names = "IDENTITY", mode = EnumSource.Mode.EXCLUDE)
  void bombIsInflatedOnlyAsFarAsItIsRead(ContentCoding coding) {
    var bomb = pack(coding, new byte[200_000_000]);
    assertThat(bomb.length).isLessThan(300_000);
    var made = new AtomicLong();
    coding
        .unpack(Flux.just(bomb))
        .doOnNext(piece -> made.addAndGet(piece.length))
        .take(10)
        .as(StepVerifier::create)
        .expectNextCount(10)
        .verifyComplete();
    assertThat(made.get()).isLessThanOrEqualTo(10L * Inflation.PIECE);
  }

  @Test
  void zstdWindowIsBounded() throws IOException {
    var out = new ByteArrayOutputStream();
    try (var zstd = new ZstdOutputStream(out)) {
      zstd.setLong(27);
      zstd.write(sample(30_000_000));
    }
    ContentCoding.ZSTD
        .unpack(Flux.just(out.toByteArray()))
        .as(StepVerifier::create)
        .thenConsumeWhile(_ -> true)
        .expectErrorSatisfies(
            e -> assertThat(e).isInstanceOf(Problem.Malformed.class).hasMessageContaining("8 MiB"))
        .verify();
  }

  @Test
  void codingIsChosenByTheHeader() {
    assertThat(ContentCoding.of(List.of())).isEqualTo(ContentCoding.IDENTITY);
    assertThat(ContentCoding.of(List.of("GZip"))).isEqualTo(ContentCoding.GZIP);
    assertThat(ContentCoding.of(List.of("zstd"))).isEqualTo(ContentCoding.ZSTD);
    for (var other : List.of(List.of("br"), List.of("gzip, zstd"), List.of("gzip", "gzip"))) {
      assertThatThrownBy(() -> ContentCoding.of(other))
          .isInstanceOf(Problem.UnsupportedMedia.class);
    }
  }

  @Test
  void closedInflationSaysNothingMore() {
    for (var inflation : List.of(new Gunzip(), new Unzstd())) {
      inflation.give(new byte[] {1, 2, 3});
      inflation.close();
      inflation.close();
      assertThat(inflation.next()).isNull();
      inflation.end();
    }
  }
}
