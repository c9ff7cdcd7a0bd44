package dev.stitchd.ingest;

import dev.stitchd.delivery.Event;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Defines events that an environment sees for the first time, where its settings want that. Never
/// holds events back: what could not be registered is registered when it is seen again.
final class Registrar {

  private static final Logger LOG = LoggerFactory.getLogger(Registrar.class);

  private final NewEvents catalog;
  private final DefinitionCache cache;
  private final DefinitionSettings settings;
  private final Scheduler timer;
  private final Semaphore running;

  Registrar(
      NewEvents catalog, DefinitionCache cache, DefinitionSettings settings, Scheduler timer) {
    this.catalog = catalog;
    this.cache = cache;
    this.settings = settings;
    this.timer = timer;
    this.running = new Semaphore(settings.registrations());
  }

  /// Completes when what is new among these events is defined, or cannot be now. Never fails; on
  /// any thread.
  Mono<Void> register(Sender sender, List<Event> events) {
    var keys = sender.tracks().unregistered(events);
    return keys.isEmpty()
        ? Mono.empty()
        : Mono.defer(() -> running.tryAcquire() ? register(sender, keys) : Mono.empty());
  }

  private Mono<Void> register(Sender sender, Set<String> keys) {
    return catalog
        .register(sender.tenant(), sender.environment(), keys)
        .timeout(settings.readWithin(), timer)
        .doOnNext(_ -> cache.forget(sender.environment()))
        .onErrorComplete(failure -> told(sender, failure))
        .doFinally(_ -> running.release())
        .then();
  }

  private static boolean told(Sender sender, Throwable failure) {
    LOG.warn(
        "New events of environment {} could not be registered: {}",
        sender.environment(),
        failure.toString());
    return true;
  }
}
