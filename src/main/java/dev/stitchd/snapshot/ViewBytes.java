package dev.stitchd.snapshot;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.revisionlog.PublishedItems.Changes;
import dev.stitchd.revisionlog.PublishedItems.Item;
import dev.stitchd.revisionlog.PublishedItems.Kind;
import dev.stitchd.revisionlog.PublishedItems.State;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// A view as bytes and back. Pure. Items are kept as the bytes that SDKs are sent; the ruleset is
/// compiled from them again, as at a load.
final class ViewBytes {

  /// Raised when the form below changes; files of another version are ignored.
  private static final int VERSION = 1;

  private static final int REMOVED = -1;

  private ViewBytes() {}

  static byte[] write(View view) {
    var snapshot = view.snapshot();
    var bytes = new ByteArrayOutputStream((int) Math.min(1 << 30, snapshot.ledger().bytes() + 512));
    try (var out = new DataOutputStream(bytes)) {
      out.writeInt(VERSION);
      write(snapshot.environment().value(), out);
      write(snapshot.tenant().value(), out);
      write(view.epoch(), out);
      out.writeUTF(snapshot.environmentKey());
      out.writeLong(snapshot.revision());
      out.writeLong(snapshot.accessVersion());
      write(Json.writeBytes(snapshot.settings().json()), out);
      out.writeLong(snapshot.ledger().reachesBackTo());
      write(snapshot.ledger().all(), out);
    } catch (IOException e) {
      throw new UncheckedIOException("memory does not fail", e);
    }
    return bytes.toByteArray();
  }

  /// @throws IOException if the bytes are not what [#write] makes
  static View read(byte[] content, int mostRemovals) throws IOException {
    var in = new DataInputStream(new ByteArrayInputStream(content));
    int version = in.readInt();
    if (version != VERSION) {
      throw new IOException("it is of version " + version);
    }
    var environment = new EnvironmentId(uuid(in));
    var tenant = new TenantId(uuid(in));
    var epoch = uuid(in);
    var key = in.readUTF();
    long revision = in.readLong();
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
            revision,
            accessVersion,
            epoch,
            items);
    var nothingSince = new Changes(reachesBackTo, revision, accessVersion, List.of());
    return View.of(state, nothingSince, mostRemovals).asLastKnown();
  }

  private static void write(List<Ledger.Entry> entries, DataOutputStream out) throws IOException {
    out.writeInt(entries.size());
    for (var entry : entries) {
      out.writeBoolean(entry.kind() == Ledger.Kind.FLAG);
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

  private static void write(UUID id, DataOutputStream out) throws IOException {
    out.writeLong(id.getMostSignificantBits());
    out.writeLong(id.getLeastSignificantBits());
  }

  private static UUID uuid(DataInputStream in) throws IOException {
    return new UUID(in.readLong(), in.readLong());
  }
}
