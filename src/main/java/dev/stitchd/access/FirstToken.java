package dev.stitchd.access;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.util.retry.Retry;

/// Makes sure that somebody can administer a new installation: if the configuration names no
/// bootstrap token and PostgreSQL holds no token, makes one, keeps its hash and prints it, once.
/// Waits for PostgreSQL in the background, as long as it takes.
@Component
final class FirstToken implements SmartLifecycle {

  private static final Logger LOG = LoggerFactory.getLogger(FirstToken.class);
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final Duration LONGEST_RETRY = Duration.ofSeconds(10);

  private final TokenStore store;
  private final SecretKeys secrets;
  private final InstallationSettings settings;
  private final Scheduler timer;
  private final Disposable.Swap work = Disposables.swap();
  private volatile boolean running;

  FirstToken(
      TokenStore store,
      SecretKeys secrets,
      InstallationSettings settings,
      @Qualifier("timer") Scheduler timer) {
    this.store = store;
    this.secrets = secrets;
    this.settings = settings;
    this.timer = timer;
  }

  @Override
  public void start() {
    running = true;
    if (settings.bootstrap().accepted() == null) {
      work.update(
          make().subscribe(_ -> {}, failure -> LOG.error("No first token was made", failure)));
    }
  }

  @Override
  public void stop() {
    running = false;
    work.update(Disposables.disposed());
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  @Override
  public int getPhase() {
    return 0; // after the schema is there
  }

  private Mono<Boolean> make() {
    var token = secrets.newApiToken();
    return store
        .addFirst("bootstrap", KeyHash.of(token.hash()))
        .retryWhen(untilPostgresAnswers())
        .doOnNext(added -> print(added, token.secret()));
  }

  private Retry untilPostgresAnswers() {
    return Retry.backoff(Long.MAX_VALUE, RETRY).maxBackoff(LONGEST_RETRY).scheduler(timer);
  }

  private static void print(boolean added, String token) {
    if (added) {
      LOG.info(
          "A first API token was made, for the platform's administrator. It is shown only here: {}",
          token);
    }
  }
}
