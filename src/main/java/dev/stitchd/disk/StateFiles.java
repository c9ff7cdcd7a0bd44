package dev.stitchd.disk;

import dev.stitchd.background.OutageLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/// The files that a node keeps. Safe from any thread; nothing here blocks its caller but
/// [#readNow]. A folder that cannot be used is said once and otherwise does no harm: the node then
/// keeps nothing.
public final class StateFiles {

  /// What the names of environments' snapshots end with.
  public static final String SNAPSHOT = ".snapshot";

  /// Of the form of their content; raised when that changes. Files of another version are ignored.
  public static final int SNAPSHOT_VERSION = 2;

  private static final Logger LOG = LoggerFactory.getLogger(StateFiles.class);
  private static final int ENVELOPE = 64;

  /// What is to be written, or deleted if there is no content.
  private record Pending(@Nullable Supplier<byte[]> content) {}

  private final DurableFolder folder;
  private final StateFileSettings settings;
  private final DiskThread disk;
  private final Map<String, Pending> pending = new ConcurrentHashMap<>();
  private final Sinks.Many<Boolean> urgent = Sinks.many().multicast().directBestEffort();
  private final OutageLog outage;

  /// In the order in which they were written; touched by the writing thread alone.
  private final Set<String> written = new LinkedHashSet<>();

  /// Opens the folder; blocks a little, on the starting thread.
  StateFiles(DurableFolder folder, StateFileSettings settings, DiskThread disk) {
    this.folder = folder;
    this.settings = settings;
    this.disk = disk;
    this.outage =
        new OutageLog(
            LOG,
            "Files of state cannot be written to "
                + folder
                + ", so this node could not start without PostgreSQL: check STITCHD_DATA_DIR",
            "Files of state are written again to " + folder);
    try {
      written.addAll(oldestFirst(folder.open()));
    } catch (IOException e) {
      outage.failed(e);
    }
  }

  private static List<String> oldestFirst(List<Path> files) throws IOException {
    var written = new HashMap<String, FileTime>();
    for (var file : files) {
      written.put(String.valueOf(file.getFileName()), Files.getLastModifiedTime(file));
    }
    return written.entrySet().stream()
        .sorted(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey)
        .toList();
  }

  /// Has a file written with whatever `content` is when its turn comes: within the interval, and at
  /// most once in it.
  public void put(String name, Supplier<byte[]> content) {
    pending.put(name, new Pending(content));
  }

  /// As [#put], at once unless files are being written right now.
  public void putSoon(String name, Supplier<byte[]> content) {
    put(name, content);
    var _ = urgent.tryEmitNext(Boolean.TRUE); // nobody listening: the interval takes it
  }

  /// Has a file deleted; as soon as [#putSoon] writes.
  public void remove(String name) {
    pending.put(name, new Pending(null));
    var _ = urgent.tryEmitNext(Boolean.TRUE);
  }

  /// A file's content; empty if there is none, or none that is whole. Never fails.
  public Mono<byte[]> read(String name) {
    return disk.call(() -> readNow(name))
        .onErrorResume(failure -> Mono.fromRunnable(() -> unreadable(name, failure)));
  }

  /// As [#read], on the calling thread, which it blocks: for the start.
  public byte @Nullable [] readNow(String name) {
    var waiting = pending.get(name);
    if (waiting != null) {
      return waiting.content() == null ? null : waiting.content().get();
    }
    try {
      var file = folder.read(name, settings.fileSize().toBytes() + ENVELOPE);
      var content = file == null ? null : FileEnvelope.open(file);
      if (file != null && content == null) {
        LOG.warn(
            "Files of state: {} in {} is damaged or of another version and is ignored; what it held is read from PostgreSQL",
            name,
            folder);
      }
      return content;
    } catch (IOException e) {
      unreadable(name, e);
      return null;
    }
  }

  /// Whether a snapshot is there that is whole and of this version; after an update there may be
  /// none. Blocks: for the start.
  public boolean holdSnapshots() {
    return written.stream()
        .filter(name -> name.endsWith(SNAPSHOT))
        .anyMatch(name -> StateBytes.isOf(SNAPSHOT_VERSION, readNow(name)));
  }

  /// Emits when something is to be written before the interval is over.
  Flux<Boolean> urgent() {
    return urgent.asFlux();
  }

  /// Writes everything that waits. Blocks; on the writing thread alone.
  void flush() {
    boolean any = false;
    for (var name : pending.keySet()) {
      var next = pending.remove(name);
      any |= next != null && settle(name, next);
    }
    if (any) {
      sync();
    }
  }

  private boolean settle(String name, Pending next) {
    try {
      var content = next.content() == null ? null : next.content().get();
      if (content != null && content.length <= settings.fileSize().toBytes()) {
        write(name, content);
      } else {
        delete(name);
      }
      outage.worked();
      return true;
    } catch (IOException e) {
      pending.putIfAbsent(name, next);
      outage.failed(e);
      return false;
    }
  }

  private void write(String name, byte[] content) throws IOException {
    written.remove(name);
    while (written.size() >= Math.max(1, settings.files())) {
      delete(written.iterator().next());
    }
    var _ = folder.write(name, FileEnvelope.around(content));
    written.add(name);
  }

  private void delete(String name) throws IOException {
    written.remove(name);
    folder.delete(name);
  }

  private void sync() {
    try {
      folder.sync();
    } catch (IOException e) {
      outage.failed(e);
    }
  }

  private void unreadable(String name, Throwable failure) {
    LOG.warn(
        "Files of state: {} in {} cannot be read and is ignored ({}); what it held is read from PostgreSQL",
        name,
        folder,
        failure.toString());
  }
}
