package dev.stitchd.flagd.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Patience;
import dev.stitchd.flagd.evaluation.v2.EventStreamRequest;
import dev.stitchd.flagd.evaluation.v2.EventStreamResponse;
import dev.stitchd.flagd.evaluation.v2.ServiceGrpc;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.Context.CancellableContext;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// A client of an event stream. Blocks; for ordinary threads.
final class EventListener implements AutoCloseable, StreamObserver<EventStreamResponse> {

  private static final Duration SOON = Patience.SOON;

  private final BlockingQueue<EventStreamResponse> events = new LinkedBlockingQueue<>();
  private final CompletableFuture<Status> end = new CompletableFuture<>();
  private final CancellableContext context = Context.ROOT.withCancellation();

  private EventListener() {}

  static EventListener on(Channel channel) {
    var listener = new EventListener();
    listener.context.run(() ->
        ServiceGrpc.newStub(channel)
            .eventStream(EventStreamRequest.getDefaultInstance(), listener));
    return listener;
  }

  /// The next event that is no sign of life.
  EventStreamResponse next() throws InterruptedException {
    while (true) {
      var event = events.poll(SOON.toMillis(), TimeUnit.MILLISECONDS);
      assertThat(event).as("an event in time; the stream's end: %s", end).isNotNull();
      if (!event.getType().equals("keep_alive")) {
        return event;
      }
    }
  }

  /// The next change: the keys of its flags and what became of each.
  Map<String, String> change() throws InterruptedException {
    var event = next();
    assertThat(event.getType()).isEqualTo("configuration_change");
    var changes = new TreeMap<String, String>();
    event
        .getData()
        .getFieldsOrThrow("flags")
        .getStructValue()
        .getFieldsMap()
        .forEach((key, value) -> {
          var fields = value.getStructValue();
          assertThat(fields.getFieldsOrThrow("flagKey").getStringValue()).isEqualTo(key);
          changes.put(key, fields.getFieldsOrThrow("type").getStringValue());
        });
    return changes;
  }

  /// The next event of any kind.
  EventStreamResponse any() throws InterruptedException {
    return events.poll(SOON.toMillis(), TimeUnit.MILLISECONDS);
  }

  /// How the stream ended.
  Status end() throws Exception {
    return end.get(SOON.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void onNext(EventStreamResponse event) {
    events.add(event);
  }

  @Override
  public void onError(Throwable failure) {
    end.complete(Status.fromThrowable(failure));
  }

  @Override
  public void onCompleted() {
    end.complete(Status.OK);
  }

  @Override
  public void close() {
    context.cancel(null);
  }
}
