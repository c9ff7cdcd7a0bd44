package dev.stitchd.access;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.OutageRetry;
import dev.stitchd.background.StartOrder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Makes sure that somebody can administer a new installation: if the configuration names no
/// bootstrap token and PostgreSQL holds no token, makes one, keeps its hash and prints it, once.
/// Waits for PostgreSQL in the background, as long as it takes.
@Component
final class FirstToken implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(FirstToken.class);

  private final TokenStore store;
  private final SecretKeys secrets;
  private final InstallationSettings settings;
  private final Scheduler timer;

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
  public String name() {
    return "first API token";
  }

  @Override
  public String withoutIt() {
    return "nobody can administer a new installation";
  }

  @Override
  public StartOrder order() {
    return StartOrder.CHANGES;
  }

  @Override
  public Mono<Boolean> work() {
    return settings.bootstrap().accepted() == null && !settings.admin().isGiven()
        ? make()
        : Mono.empty();
  }

  private Mono<Boolean> make() {
    var token = secrets.newApiToken();
    return store
        .addFirst("bootstrap", KeyHash.of(token.hash()))
        .retryWhen(OutageRetry.untilAnswered(timer))
        .doOnNext(added -> print(added, token.secret()));
  }

  private static void print(boolean added, String token) {
    if (added) {
      LOG.info(
          "A first API token was made, for the platform's administrator. It is shown only here: {}",
          token);
    }
  }
}
