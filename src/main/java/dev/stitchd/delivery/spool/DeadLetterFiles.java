package dev.stitchd.delivery.spool;

import dev.stitchd.delivery.EncodedBatch;
import dev.stitchd.delivery.queue.DeadLetterStore;
import dev.stitchd.disk.DiskThread;
import dev.stitchd.disk.DurableFolder;
import dev.stitchd.kernel.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Base64;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/// Dead letters in files of JSON lines, `dead/<number>.ndjson`, bounded in bytes; nothing is
/// deleted here. Each line has the reason and the row as the store was given it, so that a person
/// who mends the cause can insert it (`docs/operations.md`). A line may be there twice if the
/// server ended between writing it and forgetting its batch.
final class DeadLetterFiles implements DeadLetterStore {

  private static final Logger LOG = LoggerFactory.getLogger(DeadLetterFiles.class);
  private static final String NAME = "%019d.ndjson";

  private final Path path;
  private final DurableFolder folder;
  private final DiskThread disk;
  private final SpoolSettings settings;
  private final SpoolMeters meters;
  private final Clock clock;

  /// Touched at the start and on `disk` only, one at a time.
  private long bytes;

  private long number = 1;

  DeadLetterFiles(
      Path path, DiskThread disk, SpoolSettings settings, SpoolMeters meters, Clock clock) {
    this.path = path;
    this.folder = new DurableFolder(path);
    this.disk = disk;
    this.settings = settings;
    this.meters = meters;
    this.clock = clock;
  }

  /// Finds what is there. Blocks; at the start.
  void recover() throws IOException {
    for (var file : folder.open()) {
      bytes += Files.size(file);
      var name = file.getFileName().toString();
      if (name.matches("\\d{19}\\.ndjson")) {
        number = Math.max(number, Long.parseLong(name.substring(0, 19)));
      }
    }
  }

  @Override
  public Mono<Boolean> bury(EncodedBatch row, String reason) {
    return disk.call(() -> write(line(row, reason)))
        .doOnNext(_ ->
            LOG.error(
                "Dead letters: ClickHouse refuses event {} for good ({}); it is kept as a dead letter and can be inserted once the cause is mended",
                name(row),
                reason))
        .onErrorResume(failure -> unwritten(row, reason, failure));
  }

  private boolean write(byte[] line) throws IOException {
    if (bytes + line.length > settings.deadSize().toBytes()) {
      throw new IOException("dead letters take " + bytes + " bytes and may take no more");
    }
    var file = path.resolve(NAME.formatted(number));
    if (Files.exists(file) && Files.size(file) + line.length > settings.deadFileSize().toBytes()) {
      number++;
    }
    folder.append(NAME.formatted(number), line);
    bytes += line.length;
    return true;
  }

  private byte[] line(EncodedBatch row, String reason) {
    var line =
        Json.object()
            .put("at", clock.instant().toString())
            .put("reason", reason)
            .put("environment", row.environment(0).toString())
            .put("id", row.id(0).toString())
            .put("table", row.table())
            .put("schema", row.schema());
    row.columns().forEach(line.putArray("columns")::add);
    line.put("row", Base64.getEncoder().encodeToString(row.data()));
    return (Json.write(line) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private Mono<Boolean> unwritten(EncodedBatch row, String reason, Throwable failure) {
    meters.unburied();
    LOG.error(
        "Dead letters: ClickHouse refuses event {} for good ({}), and no dead letter could be written ({}): make room for dead letters",
        name(row),
        reason,
        failure.toString());
    return Mono.just(false);
  }

  private static String name(EncodedBatch row) {
    return "%s of environment %s (%s)".formatted(row.id(0), row.environment(0), row.table());
  }
}
