package dev.stitchd.ingest;

import dev.stitchd.boundary.ContentCoding;
import dev.stitchd.delivery.Admission;
import dev.stitchd.delivery.EventQueue;
import dev.stitchd.ingest.definitions.Registrar;
import dev.stitchd.ingest.quota.Allowance;
import dev.stitchd.kernel.Problem;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// From a body's bytes to an account of what was admitted. Inflating and parsing run on `ingest`.
final class EventIntake {

  /// Buffers of a body that are read ahead.
  private static final int AHEAD = 4;

  private final EventQueue queue;
  private final Registrar registrar;
  private final BufferBudget budget;
  private final IngestSettings settings;
  private final Clock clock;
  private final Scheduler ingest;

  EventIntake(
      EventQueue queue,
      Registrar registrar,
      BufferBudget budget,
      IngestSettings settings,
      Clock clock,
      Scheduler ingest) {
    this.queue = queue;
    this.registrar = registrar;
    this.budget = budget;
    this.settings = settings;
    this.clock = clock;
    this.ingest = ingest;
  }

  /// A JSON array, all or nothing. Emits once, on `ingest`; fails with [Problem.Malformed],
  /// [Problem.TooLarge], or [Problem.Unavailable] when too much is being read at once.
  Mono<IntakeResult> array(Flux<byte[]> body, ContentCoding coding, Sender sender) {
    return Mono.using(
        () -> budget.collect((int) settings.arraySize().toBytes()),
        place ->
            unpacked(body, coding)
                .reduce(place, BufferBudget.Collecting::add)
                .map(whole ->
                    new EventReader(settings).array(whole.bytes(), sender, clock.instant()))
                .flatMap(items -> admit(items, new RecentIds(items.size()), sender)),
        BufferBudget.Collecting::close);
  }

  /// Lines, admitted in chunks while they arrive. Emits once, on `ingest`; never fails for what is
  /// wrong with the body: what was admitted before counts.
  Mono<IntakeResult> lines(Flux<byte[]> body, ContentCoding coding, Sender sender) {
    return Flux.defer(() -> chunks(body, coding, sender))
        .onErrorResume(Problem.class, problem -> Mono.just(IntakeResult.stoppedBy(problem)))
        .takeUntil(admitted -> admitted.stopped() != null)
        .reduce(IntakeResult.NOTHING, (sum, next) -> sum.then(next, settings.rejectedListed()));
  }

  private Flux<IntakeResult> chunks(Flux<byte[]> body, ContentCoding coding, Sender sender) {
    var ids = new RecentIds(settings.idsRemembered());
    return items(body, coding, sender)
        .bufferUntil(chunk())
        .flatMapSequentialDelayError(
            items -> admit(items, ids, sender), settings.chunksInFlight(), 1);
  }

  private Flux<ReadEvent> items(Flux<byte[]> body, ContentCoding coding, Sender sender) {
    var splitter = new LineSplitter((int) settings.eventSize().toBytes());
    var total = new Total(settings.linesSize().toBytes());
    var reader = new EventReader(settings);
    var index = new AtomicInteger();
    return unpacked(body, coding)
        .doOnNext(total::add)
        .concatMapIterable(splitter::split, 1)
        .concatWith(Flux.defer(() -> Flux.fromIterable(splitter.rest())))
        .map(line -> reader.line(index.getAndIncrement(), line, sender, clock.instant()));
  }

  private Flux<byte[]> unpacked(Flux<byte[]> body, ContentCoding coding) {
    return coding.unpack(body.publishOn(ingest, AHEAD));
  }

  private Mono<IntakeResult> admit(List<ReadEvent> items, RecentIds ids, Sender sender) {
    var sorted = IntakeCounts.Sorted.of(items, ids, settings.rejectedListed());
    return sender
        .allowance()
        .take(sorted.valid().size())
        .publishOn(ingest)
        .flatMap(grant ->
            switch (grant) {
              case Allowance.Grant.Given _ -> submit(sorted, sender);
              case Allowance.Grant.Short lacking -> Mono.just(IntakeResult.beyond(lacking));
            });
  }

  private Mono<IntakeResult> submit(IntakeCounts.Sorted sorted, Sender sender) {
    var events = sorted.events();
    return registrar
        .register(sender.tenant(), sender.environment(), sender.tracks().unregistered(events))
        .then(Mono.defer(() -> queue.submit(events)))
        .doOnNext(admission -> settle(admission, events.size(), sender))
        .publishOn(ingest)
        .map(admission -> IntakeResult.of(sorted, admission, settings.rejectedListed()));
  }

  /// What was refused was never sent.
  private static void settle(Admission admission, int events, Sender sender) {
    switch (admission) {
      case Admission.Refused _ -> sender.allowance().giveBack(events);
      case Admission.Durable _, Admission.Partly _, Admission.Unknown _ -> {}
    }
  }

  private java.util.function.Predicate<ReadEvent> chunk() {
    return new Chunk(settings.chunkEvents(), settings.chunkSize().toBytes())::isFull;
  }

  /// Tells when a chunk is full, and then begins the next. One per subscription.
  private static final class Chunk {
    private final int mostItems;
    private final long mostBytes;
    private int items;
    private long bytes;

    Chunk(int mostItems, long mostBytes) {
      this.mostItems = mostItems;
      this.mostBytes = mostBytes;
    }

    boolean isFull(ReadEvent item) {
      items++;
      bytes += item instanceof ReadEvent.Valid valid ? valid.size() : 0;
      if (items < mostItems && bytes < mostBytes) {
        return false;
      }
      items = 0;
      bytes = 0;
      return true;
    }
  }

  /// The bytes of one body. One per subscription.
  private static final class Total {
    private final long most;
    private long bytes;

    Total(long most) {
      this.most = most;
    }

    void add(byte[] piece) {
      bytes += piece.length;
      if (bytes > most) {
        throw new Problem.TooLarge(
            "the body is larger than " + most + " bytes; send the rest in another request");
      }
    }
  }
}
