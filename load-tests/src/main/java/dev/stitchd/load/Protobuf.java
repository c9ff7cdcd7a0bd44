package dev.stitchd.load;

import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/// The few messages of flagd's protocols that the bench sends, written once and sent as bytes, so
/// that the client costs as little as the one for HTTP; answers are not read further.
final class Protobuf {

  private static final int LENGTH_DELIMITED = 2;
  private static final int MORE = 0x80;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /// Asks which variant of a flag a user gets.
  static byte[] question(String flag, int user) {
    var context =
        new Protobuf()
            .field(1, entry("targetingKey", "user-" + user))
            .field(1, entry("email", "user-" + user + "@example.org"))
            .field(1, entry("country", Evaluate.country(user)))
            .field(1, entry("plan", "pro"))
            .bytes();
    return new Protobuf().field(1, utf8(flag)).field(2, context).bytes();
  }

  /// A method whose messages are bytes.
  static MethodDescriptor<byte[], byte[]> method(String name, MethodType type) {
    return MethodDescriptor.<byte[], byte[]>newBuilder()
        .setFullMethodName(name)
        .setType(type)
        .setRequestMarshaller(new Bytes())
        .setResponseMarshaller(new Bytes())
        .build();
  }

  /// A field of a struct: its name, and a value that is a string.
  private static byte[] entry(String name, String value) {
    var string = new Protobuf().field(3, utf8(value)).bytes();
    return new Protobuf().field(1, utf8(name)).field(2, string).bytes();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Protobuf field(int number, byte[] content) {
    bytes.write(number << 3 | LENGTH_DELIMITED);
    var length = content.length;
    while (length >= MORE) {
      bytes.write(length % MORE | MORE);
      length /= MORE;
    }
    bytes.write(length);
    bytes.writeBytes(content);
    return this;
  }

  private byte[] bytes() {
    return bytes.toByteArray();
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {

    @Override
    public InputStream stream(byte[] message) {
      return new ByteArrayInputStream(message);
    }

    @Override
    public byte[] parse(InputStream message) {
      try {
        return message.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
