package dev.stitchd.stream.sdk;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;

/// The content codings that polling offers, best first.
enum Coding {
  ZSTD("zstd") {
    @Override
    byte[] encode(byte[] bytes, int from, int length) {
      return Zstd.compress(Arrays.copyOfRange(bytes, from, from + length), LEVEL);
    }
  },
  GZIP("gzip") {
    @Override
    byte[] encode(byte[] bytes, int from, int length) throws IOException {
      var out = new ByteArrayOutputStream(length / 4 + 64);
      try (var gzip = new GZIPOutputStream(out)) {
        gzip.write(bytes, from, length);
      }
      return out.toByteArray();
    }
  },
  IDENTITY("identity") {
    @Override
    byte[] encode(byte[] bytes, int from, int length) {
      return Arrays.copyOfRange(bytes, from, from + length);
    }
  };

  private static final int LEVEL = 6;

  private final String token;

  Coding(String token) {
    this.token = token;
  }

  /// Its name in `Accept-Encoding` and `Content-Encoding`.
  String token() {
    return token;
  }

  /// Compresses; takes a while.
  abstract byte[] encode(byte[] bytes, int from, int length) throws IOException;

  /// The coding that a client likes best; of equals the one that compresses best. `identity` if it
  /// accepts nothing that there is, since everybody can read that.
  static Coding of(List<String> acceptEncoding) {
    var best = IDENTITY;
    double bestWeight = 0;
    for (var coding : values()) {
      double weight = weight(coding, acceptEncoding);
      if (weight > bestWeight) {
        best = coding;
        bestWeight = weight;
      }
    }
    return best;
  }

  private static double weight(Coding coding, List<String> acceptEncoding) {
    double any = coding == IDENTITY ? 0.0001 : 0; // acceptable unless refused, preferred by nobody
    for (var header : acceptEncoding) {
      for (var entry : header.split(",")) {
        var parts = entry.split(";");
        var name = parts[0].trim().toLowerCase(Locale.ROOT);
        if (name.equals(coding.token)) {
          return quality(parts);
        }
        if (name.equals("*")) {
          any = quality(parts);
        }
      }
    }
    return any;
  }

  private static double quality(String[] parts) {
    for (int i = 1; i < parts.length; i++) {
      var parameter = parts[i].trim().toLowerCase(Locale.ROOT);
      if (parameter.startsWith("q=")) {
        return number(parameter.substring(2).trim());
      }
    }
    return 1;
  }

  private static double number(String text) {
    return text.matches("[01](\\.[0-9]{0,3})?") ? Math.min(1, Double.parseDouble(text)) : 0;
  }
}
