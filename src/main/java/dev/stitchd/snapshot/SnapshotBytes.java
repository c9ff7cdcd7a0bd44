package dev.stitchd.snapshot;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stitchd.disk.StateBytes;
import dev.stitchd.disk.StateFiles;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.revisionlog.PublishedItems.Changes;
import dev.stitchd.revisionlog.PublishedItems.Item;
import dev.stitchd.revisionlog.PublishedItems.Kind;
import dev.stitchd.revisionlog.PublishedItems.State;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// A snapshot as bytes and back. Pure. Items are kept as the bytes that SDKs are sent; the ruleset
/// is compiled from them again, as at a load.
final class SnapshotBytes {

  /// To be raised when the form below changes.
  private static final int VERSION = StateFiles.SNAPSHOT_VERSION;

  private static final int REMOVED = -1;

  private SnapshotBytes() {}

  static byte[] write(EpochSnapshot view) {
    var snapshot = view.snapshot();
    int size = (int) Math.min(1 << 30, snapshot.history().bytes() + 512);
    return StateBytes.write(VERSION, size, out -> write(view, out));
  }

  private static void write(EpochSnapshot view, DataOutputStream out) throws IOException {
    var snapshot = view.snapshot();
    StateBytes.write(snapshot.environment().value(), out);
    StateBytes.write(snapshot.tenant().value(), out);
    StateBytes.write(view.epoch(), out);
    out.writeLong(snapshot.revision());
    out.writeLong(view.identity());
    out.writeUTF(snapshot.environmentKey());
    out.writeLong(snapshot.accessVersion());
    write(Json.writeBytes(snapshot.settings().json()), out);
    out.writeLong(snapshot.history().reachesBackTo());
    write(snapshot.history().all(), out);
  }

  /// @throws IOException if the bytes are not what [#write] makes
  static EpochSnapshot read(byte[] content, int mostRemovals) throws IOException {
    var in = StateBytes.read(VERSION, content);
    var environment = new EnvironmentId(StateBytes.id(in));
    var tenant = new TenantId(StateBytes.id(in));
    var point = point(in);
    var key = in.readUTF();
    long accessVersion = in.readLong();
    var settings = json(in);
    long reachesBackTo = in.readLong();
    var items = items(in);
    var state =
        new State(
            environment,
            tenant,
            key,
            settings == null ? Json.object() : settings,
            point.revision(),
            accessVersion,
            point.identity(),
            point.epoch(),
            items,
            false);
    var nothingSince = new Changes(reachesBackTo, point.revision(), accessVersion, List.of());
    return EpochSnapshot.of(state, nothingSince, mostRemovals).asLastKnown();
  }

  /// Which revision of which environment the bytes hold; null if of another environment.
  ///
  /// @throws IOException if the bytes are not what [#write] makes
  static @Nullable HistoryPoint point(EnvironmentId environment, byte[] content)
      throws IOException {
    var in = StateBytes.read(VERSION, content);
    boolean isIts = StateBytes.id(in).equals(environment.value());
    var _ = StateBytes.id(in);
    return isIts ? point(in) : null;
  }

  private static HistoryPoint point(DataInputStream in) throws IOException {
    return new HistoryPoint(StateBytes.id(in), in.readLong(), in.readLong());
  }

  private static void write(List<ItemHistory.Entry> entries, DataOutputStream out)
      throws IOException {
    out.writeInt(entries.size());
    for (var entry : entries) {
      out.writeBoolean(entry.kind() == ItemHistory.Kind.FLAG);
      out.writeUTF(entry.key());
      out.writeLong(entry.revision());
      write(entry.json(), out);
    }
  }

  private static List<Item> items(DataInputStream in) throws IOException {
    int size = in.readInt();
    var items = new ArrayList<Item>();
    for (int i = 0; i < size; i++) {
      var kind = in.readBoolean() ? Kind.FLAG : Kind.SEGMENT;
      items.add(new Item(kind, in.readUTF(), in.readLong(), json(in)));
    }
    return items;
  }

  private static void write(byte @Nullable [] json, DataOutputStream out) throws IOException {
    out.writeInt(json == null ? REMOVED : json.length);
    if (json != null) {
      out.write(json);
    }
  }

  private static @Nullable JsonNode json(DataInputStream in) throws IOException {
    int length = in.readInt();
    return length == REMOVED ? null : Json.parseOwn(new String(in.readNBytes(length), UTF_8));
  }
}
