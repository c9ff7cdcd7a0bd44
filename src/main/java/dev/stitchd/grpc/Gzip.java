package dev.stitchd.grpc;

import io.grpc.Codec;
import io.grpc.Decompressor;
import java.io.IOException;
import java.io.InputStream;

/// Reads compressed messages. gRPC's own reader fails for what does not even begin as gzip on a way
/// that logs a stack trace and answers UNKNOWN; here it fails when it is read, as all else does.
final class Gzip implements Decompressor {

  private final Codec.Gzip gzip = new Codec.Gzip();

  @Override
  public String getMessageEncoding() {
    return gzip.getMessageEncoding();
  }

  @Override
  public InputStream decompress(InputStream compressed) {
    try {
      return gzip.decompress(compressed);
    } catch (IOException e) {
      return new InputStream() {
        @Override
        public int read() throws IOException {
          throw e;
        }
      };
    }
  }
}
