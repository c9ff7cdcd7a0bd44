package dev.stitchd.boundary;

import dev.stitchd.kernel.Problem;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/// How a body is packed.
public enum ContentCoding {
  IDENTITY(null),
  GZIP(Gunzip::new),
  ZSTD(Unzstd::new);

  private final @Nullable Supplier<Inflation> inflation;

  ContentCoding(@Nullable Supplier<Inflation> inflation) {
    this.inflation = inflation;
  }

  /// The coding that `Content-Encoding` names.
  ///
  /// @throws Problem.UnsupportedMedia for any but gzip and zstd, and for several on each other
  public static ContentCoding of(List<String> headers) {
    if (headers.isEmpty()) {
      return IDENTITY;
    }
    return switch (String.join(",", headers).strip().toLowerCase(Locale.ROOT)) {
      case "", "identity" -> IDENTITY;
      case "gzip", "x-gzip" -> GZIP;
      case "zstd" -> ZSTD;
      default ->
          throw new Problem.UnsupportedMedia(
              "this route reads bodies that are not packed, or packed by gzip or zstd");
    };
  }

  /// The bytes as they were before packing, made as they are asked for. Fails with
  /// [Problem.Malformed].
  public Flux<byte[]> unpack(Flux<byte[]> body) {
    var how = inflation;
    return how == null
        ? body
        : Flux.using(how::get, inflation -> unpack(body, inflation), Inflation::close);
  }

  private static Flux<byte[]> unpack(Flux<byte[]> body, Inflation inflation) {
    return body.<byte[]>flatMapIterable(input -> pieces(inflation, input), 1)
        .concatWith(Flux.defer(() -> ended(inflation)));
  }

  private static Flux<byte[]> ended(Inflation inflation) {
    inflation.end();
    return Flux.empty();
  }

  private static Iterable<byte[]> pieces(Inflation inflation, byte[] input) {
    return () -> {
      inflation.give(input);
      return new Pieces(inflation);
    };
  }

  private static final class Pieces implements Iterator<byte[]> {
    private final Inflation inflation;
    private byte @Nullable [] next;

    Pieces(Inflation inflation) {
      this.inflation = inflation;
    }

    @Override
    public boolean hasNext() {
      if (next == null) {
        next = inflation.next();
      }
      return next != null;
    }

    @Override
    public byte[] next() {
      if (!hasNext() || next == null) {
        throw new NoSuchElementException();
      }
      var piece = next;
      next = null;
      return piece;
    }
  }
}
