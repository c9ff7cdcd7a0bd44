package dev.stitchd.access;

import dev.stitchd.disk.StateBytes;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/// Known keys as bytes and back: their hashes and whose they are, never the keys. Pure.
///
/// @param confirmedAt when PostgreSQL last confirmed all of them, in milliseconds since 1970
record KeyBytes(long confirmedAt, Map<KeyHash, SdkCaller> keys) {

  /// Raised when the form below changes; files of another version are ignored.
  private static final int VERSION = 1;

  byte[] write() {
    return StateBytes.write(VERSION, 16 + 81 * keys.size(), this::write);
  }

  private void write(DataOutputStream out) throws IOException {
    out.writeLong(confirmedAt);
    out.writeInt(keys.size());
    for (var key : keys.entrySet()) {
      write(key.getKey(), key.getValue(), out);
    }
  }

  /// @throws IOException if the bytes are not what [#write] makes
  static KeyBytes read(byte[] content) throws IOException {
    var in = StateBytes.read(VERSION, content);
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
    StateBytes.write(caller.keyId(), out);
    StateBytes.write(caller.tenant().value(), out);
    StateBytes.write(caller.environment().value(), out);
    out.writeBoolean(caller.kind() == SdkCaller.Kind.SERVER);
  }

  private static SdkCaller caller(DataInputStream in) throws IOException {
    return new SdkCaller(
        StateBytes.id(in),
        new TenantId(StateBytes.id(in)),
        new EnvironmentId(StateBytes.id(in)),
        in.readBoolean() ? SdkCaller.Kind.SERVER : SdkCaller.Kind.CLIENT);
  }

  @Override
  public String toString() {
    return "KeyBytes[" + keys.size() + " keys]";
  }
}
