package dev.stitchd.access;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/// Known keys as bytes and back: their hashes and whose they are, never the keys. Pure.
///
/// @param confirmedAt when PostgreSQL last confirmed all of them, in milliseconds since 1970
record KeyBytes(long confirmedAt, Map<KeyHash, SdkCaller> keys) {

  /// Raised when the form below changes; files of another version are ignored.
  private static final int VERSION = 1;

  byte[] write() {
    var bytes = new ByteArrayOutputStream(16 + 81 * keys.size());
    try (var out = new DataOutputStream(bytes)) {
      out.writeInt(VERSION);
      out.writeLong(confirmedAt);
      out.writeInt(keys.size());
      for (var key : keys.entrySet()) {
        write(key.getKey(), key.getValue(), out);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("memory does not fail", e);
    }
    return bytes.toByteArray();
  }

  /// @throws IOException if the bytes are not what [#write] makes
  static KeyBytes read(byte[] content) throws IOException {
    var in = new DataInputStream(new ByteArrayInputStream(content));
    int version = in.readInt();
    if (version != VERSION) {
      throw new IOException("it is of version " + version);
    }
    long confirmedAt = in.readLong();
    int size = in.readInt();
    var keys = new HashMap<KeyHash, SdkCaller>();
    for (int i = 0; i < size; i++) {
      var hash = new KeyHash(in.readLong(), in.readLong(), in.readLong(), in.readLong());
      keys.put(hash, caller(in));
    }
    return new KeyBytes(confirmedAt, keys);
  }

  private static void write(KeyHash hash, SdkCaller caller, DataOutputStream out)
      throws IOException {
    out.write(hash.bytes());
    write(caller.keyId(), out);
    write(caller.tenant().value(), out);
    write(caller.environment().value(), out);
    out.writeBoolean(caller.kind() == SdkCaller.Kind.SERVER);
  }

  private static SdkCaller caller(DataInputStream in) throws IOException {
    return new SdkCaller(
        uuid(in),
        new TenantId(uuid(in)),
        new EnvironmentId(uuid(in)),
        in.readBoolean() ? SdkCaller.Kind.SERVER : SdkCaller.Kind.CLIENT);
  }

  private static void write(UUID id, DataOutputStream out) throws IOException {
    out.writeLong(id.getMostSignificantBits());
    out.writeLong(id.getLeastSignificantBits());
  }

  private static UUID uuid(DataInputStream in) throws IOException {
    return new UUID(in.readLong(), in.readLong());
  }

  @Override
  public String toString() {
    return "KeyBytes[" + keys.size() + " keys]";
  }
}
