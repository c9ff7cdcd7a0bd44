package dev.stitchd.stream.sdk;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stitchd.kernel.Json;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.ItemHistory;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.stream.Frame;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.ByteArrayOutputStream;
import java.util.List;
import reactor.core.scheduler.Scheduler;
import tools.jackson.databind.node.StringNode;

/// Makes the bytes of frames from the bytes of items. Pure but for its counters; safe from any
/// thread.
final class SnapshotEncoder {

  private static final byte[] NULL = "null".getBytes(UTF_8);

  private final Scheduler compressor;
  private final Counter puts;
  private final Counter patches;

  SnapshotEncoder(Scheduler compressor, MeterRegistry meters) {
    this.compressor = compressor;
    this.puts = counter("put", meters);
    this.patches = counter("patch", meters);
  }

  /// Everything.
  EncodedBody put(Snapshot snapshot) {
    puts.increment();
    var head =
        "{\"revision\":"
            + snapshot.revision()
            + ",\"environment\":"
            + quoted(snapshot.environmentKey());
    return body(Frame.Kind.PUT, "put", snapshot, head, snapshot.history().present());
  }

  /// What changed after a revision.
  EncodedBody patch(Snapshot snapshot, long since, List<ItemHistory.Entry> changed) {
    patches.increment();
    var head = "{\"revision\":" + snapshot.revision() + ",\"since\":" + since;
    return body(Frame.Kind.PATCH, "patch", snapshot, head, changed);
  }

  /// That nothing changed.
  Frame current(Cursor at) {
    var json = "{\"revision\":" + at.revision() + "}\n\n";
    return new Frame(
        Frame.Kind.CURRENT, (event("current", at) + json).getBytes(UTF_8), at.revision());
  }

  private EncodedBody body(
      Frame.Kind kind,
      String event,
      Snapshot snapshot,
      String head,
      List<ItemHistory.Entry> entries) {
    var lines = event(event, snapshot.cursor()).getBytes(UTF_8);
    var out = new ByteArrayOutputStream(lines.length + size(entries));
    out.writeBytes(lines);
    out.writeBytes(head.getBytes(UTF_8));
    write("flags", ItemHistory.Kind.FLAG, entries, out);
    write("segments", ItemHistory.Kind.SEGMENT, entries, out);
    out.write('}');
    int length = out.size() - lines.length;
    out.write('\n');
    out.write('\n');
    var frame = new Frame(kind, out.toByteArray(), snapshot.revision());
    return new EncodedBody(frame, lines.length, length, compressor);
  }

  private static void write(
      String name,
      ItemHistory.Kind kind,
      List<ItemHistory.Entry> entries,
      ByteArrayOutputStream out) {
    out.writeBytes((",\"" + name + "\":{").getBytes(UTF_8));
    boolean first = true;
    for (var entry : entries) {
      if (entry.kind() == kind) {
        if (!first) {
          out.write(',');
        }
        first = false;
        write(entry, out);
      }
    }
    out.write('}');
  }

  private static void write(ItemHistory.Entry entry, ByteArrayOutputStream out) {
    var json = entry.json();
    out.writeBytes(quoted(entry.key()).getBytes(UTF_8));
    out.write(':');
    out.writeBytes(json == null ? NULL : json);
  }

  private static String event(String event, Cursor at) {
    return "id: " + at.text() + "\nevent: " + event + "\ndata: ";
  }

  private static String quoted(String text) {
    return Json.write(StringNode.valueOf(text));
  }

  private static int size(List<ItemHistory.Entry> entries) {
    long items = entries.stream().mapToLong(ItemHistory.Entry::size).sum();
    return (int) Math.min(Integer.MAX_VALUE - 16, items + 8L * entries.size() + 128);
  }

  private static Counter counter(String kind, MeterRegistry meters) {
    return Counter.builder("stitchd.stream.encodings")
        .description("Frames encoded, each once and for all connections")
        .tag("kind", kind)
        .register(meters);
  }
}
