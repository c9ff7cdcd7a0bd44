package dev.stitchd.segment;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;

/// Runs the statements of [JoinedMemberships] from before the first request until after the last.
@Component
final class MembershipWork implements BackgroundJob {

  private final JoinedMemberships memberships;

  MembershipWork(JoinedMemberships memberships) {
    this.memberships = memberships;
  }

  @Override
  public String name() {
    return "list look-ups";
  }

  @Override
  public String withoutIt() {
    return "whether somebody is on a list is not known";
  }

  @Override
  public StartOrder order() {
    return StartOrder.REQUEST_WORK;
  }

  @Override
  public Flux<Void> work() {
    return memberships.work();
  }
}
