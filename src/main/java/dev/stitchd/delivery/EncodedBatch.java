package dev.stitchd.delivery;

import dev.stitchd.kernel.EnvironmentId;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Events that are stored together or not at all, in the store's own encoding, with everything it
/// takes to store them. This is what is written to the store, what waits in the spool, and what a
/// dead letter is made of: whoever has it needs to know nothing about events, so a later version of
/// this server can store what an earlier one encoded. Immutable by agreement: nobody writes into
/// its arrays.
///
/// @param token the batch's name; written again under it, it is stored once
/// @param table where the rows go
/// @param columns what each row holds, in order; the first two are the environment and the event's
///   id, each written as two little-endian numbers of 64 bits, the upper one first
/// @param schema the version of the store's schema that has all these columns
/// @param ends where each row ends in `data`, in order
/// @param data the rows, one after the other
public record EncodedBatch(
    String token, String table, List<String> columns, int schema, int[] ends, byte[] data) {

  /// Environment and id.
  private static final int IDENTITY = 4 * Long.BYTES;

  public EncodedBatch {
    columns = List.copyOf(columns);
    int from = 0;
    for (int end : ends) {
      if (end < from + IDENTITY) {
        throw new IllegalArgumentException("a row ends at " + end + " that begins at " + from);
      }
      from = end;
    }
    if (ends.length == 0 || from != data.length) {
      throw new IllegalArgumentException("the rows end at " + from + " of " + data.length);
    }
  }

  public int rows() {
    return ends.length;
  }

  public EnvironmentId environment(int row) {
    return new EnvironmentId(uuid(begin(row)));
  }

  public UUID id(int row) {
    return new UUID(number(begin(row) + 16), number(begin(row) + 24));
  }

  public Set<EnvironmentId> environments() {
    var environments = new HashSet<EnvironmentId>();
    for (int row = 0; row < rows(); row++) {
      environments.add(environment(row));
    }
    return environments;
  }

  /// When the first of the events was received; before all time if rows do not say so where this
  /// version looks for it.
  public Instant receivedSince() {
    if (columns.size() < 4 || !columns.subList(0, 4).equals(EventColumn.SHARED.subList(0, 4))) {
      return Instant.EPOCH;
    }
    long since = Long.MAX_VALUE;
    for (int row = 0; row < rows(); row++) {
      since = Math.min(since, number(begin(row) + IDENTITY + Long.BYTES));
    }
    return Instant.ofEpochMilli(since);
  }

  /// Attempts the batch. If the store definitely refuses it, attempts its halves instead, one after
  /// the other, and so on, until a refused row is alone: that one is buried. Emits what became of
  /// each part, in the order of rows; fails as attempts and burials do otherwise.
  public <T> Flux<T> settle(
      Function<Part, Mono<T>> attempt, BiFunction<Part, EventSink.Refused, Mono<T>> bury) {
    return new Part(this, 0).settle(attempt, bury);
  }

  /// Some rows of a batch, as a batch of their own.
  ///
  /// @param firstRow the place of its first row in the whole batch
  public record Part(EncodedBatch batch, int firstRow) {

    private <T> Flux<T> settle(
        Function<Part, Mono<T>> attempt, BiFunction<Part, EventSink.Refused, Mono<T>> bury) {
      return attempt
          .apply(this)
          .flux()
          .onErrorResume(EventSink.Refused.class, refusal -> split(refusal, attempt, bury));
    }

    private <T> Flux<T> split(
        EventSink.Refused refusal,
        Function<Part, Mono<T>> attempt,
        BiFunction<Part, EventSink.Refused, Mono<T>> bury) {
      return batch.rows() == 1
          ? bury.apply(this, refusal).flux()
          : Flux.fromIterable(halves()).concatMap(half -> half.settle(attempt, bury));
    }

    /// Each under a name that only this split gives it.
    public List<Part> halves() {
      int middle = batch.rows() / 2;
      return List.of(part(".0", 0, middle), part(".1", middle, batch.rows()));
    }

    private Part part(String suffix, int from, int to) {
      int offset = batch.begin(from);
      var ends = Arrays.stream(batch.ends, from, to).map(end -> end - offset).toArray();
      var data = Arrays.copyOfRange(batch.data, offset, batch.ends[to - 1]);
      var part =
          new EncodedBatch(
              batch.token + suffix, batch.table, batch.columns, batch.schema, ends, data);
      return new Part(part, firstRow + from);
    }

    /// What belongs to these rows of a list that has something for each row of the whole batch.
    public <T> List<T> of(List<T> rows) {
      return rows.subList(firstRow, firstRow + batch.rows());
    }
  }

  private int begin(int row) {
    return row == 0 ? 0 : ends[row - 1];
  }

  private UUID uuid(int at) {
    return new UUID(number(at), number(at + Long.BYTES));
  }

  private long number(int at) {
    return ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).getLong(at);
  }

  @Override
  public String toString() {
    return "EncodedBatch[" + token + ", " + table + ", " + rows() + " rows]";
  }
}
