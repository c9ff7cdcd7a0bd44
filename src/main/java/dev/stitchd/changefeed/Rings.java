package dev.stitchd.changefeed;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;

/// Passes what the listener hears to every subscriber, each at its own pace.
final class Rings implements ChangeFeed {

  private final int mailboxSize;
  private final Set<Mailbox> mailboxes = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  Rings(int mailboxSize) {
    this.mailboxSize = mailboxSize;
  }

  @Override
  public Flux<Ring> rings() {
    return Flux.create(this::subscribe, FluxSink.OverflowStrategy.IGNORE);
  }

  /// Rings at every subscriber; returns at once.
  void ring(Ring ring) {
    mailboxes.forEach(mailbox -> mailbox.put(ring));
  }

  /// Ends every subscription, for good.
  void close() {
    closed = true;
    mailboxes.forEach(Mailbox::close);
  }

  private void subscribe(FluxSink<Ring> subscriber) {
    var mailbox = new Mailbox(subscriber, mailboxSize);
    mailboxes.add(mailbox);
    var _ = subscriber.onDispose(() -> mailboxes.remove(mailbox));
    var _ = subscriber.onRequest(_ -> mailbox.deliver());
    if (closed) {
      mailbox.close();
    }
  }
}
