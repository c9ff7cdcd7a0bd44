package dev.stitchd.segment;

import dev.stitchd.catalog.segment.SegmentLists;
import dev.stitchd.catalog.segment.SegmentPath;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.resource.Author;
import dev.stitchd.segment.upkeep.BulkThrottle;
import dev.stitchd.segment.upload.CopyChunk;
import dev.stitchd.segment.upload.MemberReader;
import dev.stitchd.segment.upload.UploadSettings;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Replaces whole lists from uploads of any length, in constant memory. The list that was stays the
/// list until everything is stored; if the upload is cut off or wrong, it stays altogether.
@Component
public final class MemberImports {

  private static final String CUT_OFF = "the upload was cut off";

  private final Transactions transactions;
  private final SegmentLists lists;
  private final ImportEnding ending;
  private final ImportSlots slots;
  private final ListSettings settings;
  private final UploadSettings uploads;
  private final Scheduler timer;
  private final ImportHeartbeat heartbeat;
  private final BulkThrottle throttle;
  private final UUID owner = UUID.randomUUID();

  MemberImports(
      Transactions transactions,
      SegmentLists lists,
      ImportEnding ending,
      ImportSlots slots,
      ListSettings settings,
      UploadSettings uploads,
      ImportHeartbeat heartbeat,
      BulkThrottle throttle,
      @Qualifier("timer") Scheduler timer) {
    this.transactions = transactions;
    this.lists = lists;
    this.ending = ending;
    this.slots = slots;
    this.settings = settings;
    this.uploads = uploads;
    this.timer = timer;
    this.heartbeat = heartbeat;
    this.throttle = throttle;
  }

  /// Replaces a list by what an upload holds. Emits the finished import, or the running one if it
  /// is not finished [ListSettings#answerAfter] after the last byte.
  ///
  /// Fails with [Problem.Invalid] that names the first bad lines, or if there are no members and
  /// that was not asked for; [Problem.Conflict] if the list is being replaced already, or was
  /// deleted; [Problem.TooMany], [Problem.TooLarge], [Problem.Malformed]; in each case, and when it
  /// is cancelled, the list is what it was.
  ///
  /// @param body read on the thread that delivers it, which must not be an event loop
  public Mono<MemberImport> replace(
      Author author, SegmentPath path, ListUpload upload, Flux<byte[]> body) {
    return Mono.using(
            slots::take,
            _ -> begin(author, path).flatMap(run -> stored(run, upload, body).thenReturn(run)),
            ImportSlots::release)
        .flatMap(ending::finish);
  }

  /// One import of a segment's list.
  public Mono<MemberImport> get(TenantId tenant, SegmentPath path, UUID id) {
    return transactions.inTenant(
        tenant,
        session ->
            lists
                .find(session, tenant, path)
                .flatMap(list -> ImportRows.find(session, tenant, list.segment(), id)));
  }

  /// The imports of a segment's list that are remembered, the newest first.
  public Mono<List<MemberImport>> list(TenantId tenant, SegmentPath path) {
    return transactions.inTenant(
        tenant,
        session ->
            lists
                .find(session, tenant, path)
                .flatMap(list ->
                    ImportRows.list(session, tenant, list.segment(), settings.importsKept() + 1)));
  }

  private Mono<ImportRun> begin(Author author, SegmentPath path) {
    return transactions.inTenant(author.tenant(), session -> begin(session, author, path));
  }

  private Mono<ImportRun> begin(Session session, Author author, SegmentPath path) {
    return lists
        .lock(session, author.tenant(), path)
        .delayUntil(list -> ImportRows.refuseDuringImport(session, author.tenant(), list.segment()))
        .flatMap(list -> ImportRows.begin(session, author, path, list, owner));
  }

  private Mono<Void> stored(ImportRun run, ListUpload upload, Flux<byte[]> body) {
    var reader = upload.reader(uploads);
    return Mono.usingWhen(
        Mono.just(reader),
        _ ->
            heartbeat.during(
                run,
                chunks(upload, body, reader)
                    .concatMap(c -> throttle.throttled(write(run, c)), 1)
                    .then()),
        _ -> Mono.fromRunnable(() -> run.read(reader)),
        (_, failure) -> failed(run, why(failure), reader),
        _ -> failed(run, CUT_OFF, reader));
  }

  private Mono<Void> failed(ImportRun run, String why, MemberReader reader) {
    run.read(reader);
    return ending.fail(run, why, reader.errors());
  }

  private Flux<CopyChunk> chunks(ListUpload upload, Flux<byte[]> body, MemberReader reader) {
    return body.timeout(uploads.idle(), timer)
        .onErrorMap(TimeoutException.class, _ -> silent(uploads.idle()))
        .concatMapIterable(reader::read, 1)
        .concatWith(Flux.defer(() -> Flux.fromIterable(reader.end())))
        .concatWith(Mono.fromRunnable(() -> upload.check(reader)));
  }

  /// Not to be cancelled in the midst of a `COPY`: it is short, and what it leaves is removed.
  private Mono<ImportRows.Stored> write(ImportRun run, CopyChunk chunk) {
    return transactions
        .inTenant(run.author.tenant(), session -> ImportRows.store(session, run, chunk))
        .doOnNext(run::stored)
        .cache();
  }

  private static Problem silent(Duration idle) {
    return new Problem.Malformed("the upload brought nothing for " + idle);
  }

  private static String why(Throwable failure) {
    return failure instanceof Problem problem ? problem.detail() : CUT_OFF + " or not stored";
  }
}
