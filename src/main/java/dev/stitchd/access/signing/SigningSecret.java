package dev.stitchd.access.signing;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.OutageRetry;
import dev.stitchd.background.StartOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;

/// The secret that this installation signs with: the configuration's, or else the one that
/// PostgreSQL keeps, which is read in the background as the node starts, for as long as it takes.
@Component
public final class SigningSecret implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(SigningSecret.class);

  private final SecretStore store;
  private final Scheduler timer;
  private final byte @Nullable [] given;
  private final Sinks.One<Boolean> tried = Sinks.one();
  private volatile byte @Nullable [] kept;

  /// @param secret the one that was given, if any
  public SigningSecret(
      SecretStore store, SecretSettings secret, @Qualifier("timer") Scheduler timer) {
    this.store = store;
    this.timer = timer;
    var text = secret.accepted();
    this.given = text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  /// The secret's bytes, not to be written to; empty while PostgreSQL cannot be asked. Waits only
  /// for the first attempt to read it, and no longer than this. Never fails.
  public Mono<byte[]> bytes(Duration patience) {
    var known = known();
    return known == null
        ? tried.asMono().timeout(patience, Mono.empty(), timer).then(Mono.fromSupplier(this::known))
        : Mono.just(known);
  }

  @Override
  public String name() {
    return "signing secret";
  }

  @Override
  public String withoutIt() {
    return "bulk answers name no event stream";
  }

  @Override
  public StartOrder order() {
    return StartOrder.CHANGES;
  }

  @Override
  public Mono<byte[]> work() {
    return given == null ? read() : Mono.empty();
  }

  private byte @Nullable [] known() {
    return given == null ? kept : given;
  }

  private Mono<byte[]> read() {
    return store
        .secret()
        .doOnNext(secret -> kept = secret)
        .doOnTerminate(this::attempted)
        .retryWhen(OutageRetry.untilAnswered(timer));
  }

  /// Only the first attempt is waited for; later ones find it told already.
  private void attempted() {
    var _ = tried.tryEmitValue(true);
  }
}
