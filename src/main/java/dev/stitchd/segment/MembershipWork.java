package dev.stitchd.segment;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import reactor.core.Disposable;
import reactor.core.Disposables;

/// Runs the statements of [JoinedMemberships] from before the first request until after the last.
@Component
final class MembershipWork implements SmartLifecycle {

  private static final Logger LOG = LoggerFactory.getLogger(MembershipWork.class);

  /// Stops after the web server, whose requests ask.
  private static final int PHASE = SmartLifecycle.DEFAULT_PHASE - 3072;

  private final JoinedMemberships memberships;
  private final Disposable.Swap work = Disposables.swap();
  private volatile boolean running;

  MembershipWork(JoinedMemberships memberships) {
    this.memberships = memberships;
  }

  @Override
  public void start() {
    running = true;
    work.update(
        memberships
            .work()
            .subscribe(
                null, failure -> LOG.error("Lists of members are not asked any more", failure)));
  }

  @Override
  public void stop() {
    work.update(Disposables.disposed());
    running = false;
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  @Override
  public int getPhase() {
    return PHASE;
  }
}
