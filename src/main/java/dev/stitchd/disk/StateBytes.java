package dev.stitchd.disk;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The content of a file of state: the version of its form, then whatever its owner writes. Pure.
public final class StateBytes {

  /// Writes what follows the version.
  @FunctionalInterface
  public interface Writing {
    void to(DataOutputStream out) throws IOException;
  }

  private StateBytes() {}

  /// @param size about how many bytes it will be
  public static byte[] write(int version, int size, Writing content) {
    var bytes = new ByteArrayOutputStream(size);
    try (var out = new DataOutputStream(bytes)) {
      out.writeInt(version);
      content.to(out);
    } catch (IOException e) {
      throw new UncheckedIOException("memory does not fail", e);
    }
    return bytes.toByteArray();
  }

  /// Whether content is there and has the version.
  static boolean isOf(int version, byte @Nullable [] content) {
    return content != null
        && content.length >= Integer.BYTES
        && ByteBuffer.wrap(content).getInt() == version;
  }

  /// What follows the version.
  ///
  /// @throws IOException if the content has another version
  public static DataInputStream read(int version, byte[] content) throws IOException {
    var in = new DataInputStream(new ByteArrayInputStream(content));
    int found = in.readInt();
    if (found != version) {
      throw new IOException("it is of version " + found);
    }
    return in;
  }

  public static void write(UUID id, DataOutputStream out) throws IOException {
    out.writeLong(id.getMostSignificantBits());
    out.writeLong(id.getLeastSignificantBits());
  }

  public static UUID id(DataInputStream in) throws IOException {
    return new UUID(in.readLong(), in.readLong());
  }
}
