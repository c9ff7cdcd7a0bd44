package dev.stitchd.ingest.definitions;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Defines events that an environment sees for the first time, where its settings want that. Never
/// holds events back: what could not be registered is registered when it is seen again.
public final class Registrar {

  private static final Logger LOG = LoggerFactory.getLogger(Registrar.class);

  /// Where events that were seen for the first time are defined.
  public interface NewEvents {

    /// Emits how many became defined.
    Mono<Integer> register(TenantId tenant, EnvironmentId environment, Collection<String> keys);
  }

  private final NewEvents catalog;
  private final DefinitionCache cache;
  private final DefinitionSettings settings;
  private final Scheduler timer;
  private final Semaphore running;

  public Registrar(
      NewEvents catalog, DefinitionCache cache, DefinitionSettings settings, Scheduler timer) {
    this.catalog = catalog;
    this.cache = cache;
    this.settings = settings;
    this.timer = timer;
    this.running = new Semaphore(settings.registrations());
  }

  /// Completes when the events with these keys are defined, or cannot be now. Never fails; on any
  /// thread.
  public Mono<Void> register(TenantId tenant, EnvironmentId environment, Set<String> keys) {
    return keys.isEmpty()
        ? Mono.empty()
        : Mono.defer(
            () -> running.tryAcquire() ? registered(tenant, environment, keys) : Mono.empty());
  }

  private Mono<Void> registered(TenantId tenant, EnvironmentId environment, Set<String> keys) {
    return catalog
        .register(tenant, environment, keys)
        .timeout(settings.readWithin(), timer)
        .doOnNext(_ -> cache.forget(environment))
        .onErrorComplete(failure -> told(environment, failure))
        .doFinally(_ -> running.release())
        .then();
  }

  private static boolean told(EnvironmentId environment, Throwable failure) {
    LOG.warn(
        "Event registration: new events of environment {} could not be defined ({}); they are stored all the same, and defined when they are seen again",
        environment,
        failure.toString());
    return true;
  }
}
