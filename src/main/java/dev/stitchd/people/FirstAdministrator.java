package dev.stitchd.people;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.OutageRetry;
import dev.stitchd.background.StartOrder;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.Grant;
import dev.stitchd.permission.Grants;
import dev.stitchd.permission.Role;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.UnitsOfWork;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Makes the account that the configuration names, a platform administrator's, if there is no
/// account at all; once, whatever number of nodes start together. Waits for PostgreSQL in the
/// background, as long as it takes.
@Component
final class FirstAdministrator implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(FirstAdministrator.class);
  private static final Grants ROLES =
      new Grants(List.of(Grant.of(Role.PLATFORM_ADMIN), Grant.of(Role.OWNER)));

  private final FirstAdministratorSettings settings;
  private final Transactions transactions;
  private final UnitsOfWork units;
  private final Passwords passwords;
  private final Scheduler timer;

  FirstAdministrator(
      FirstAdministratorSettings settings,
      Transactions transactions,
      UnitsOfWork units,
      Passwords passwords,
      @Qualifier("timer") Scheduler timer) {
    this.settings = settings;
    this.transactions = transactions;
    this.units = units;
    this.passwords = passwords;
    this.timer = timer;
  }

  @Override
  public String name() {
    return "first administrator";
  }

  @Override
  public String withoutIt() {
    return "nobody can sign in to a new installation by e-mail and password";
  }

  @Override
  public StartOrder order() {
    return StartOrder.CHANGES;
  }

  @Override
  public Mono<Void> work() {
    var wanted = settings.wanted();
    return wanted == null ? Mono.empty() : make(wanted).retryWhen(OutageRetry.untilAnswered(timer));
  }

  private Mono<Void> make(FirstAdministratorSettings.Wanted wanted) {
    return transactions
        .onPlatform(SignInRows::anyAccount)
        .filter(any -> !any)
        .flatMap(_ -> transactions.onPlatform(session -> SignInRows.tenant(session, "default")))
        .flatMap(tenant ->
            passwords.hash(wanted.password()).flatMap(hash -> make(tenant, wanted.email(), hash)));
  }

  private Mono<Void> make(TenantId tenant, String email, String hash) {
    return units
        .write(
            Author.system(tenant, "first start"),
            unit ->
                SignInRows.alone(unit.session())
                    .then(Mono.defer(() -> SignInRows.anyAccount(unit.session())))
                    .filter(any -> !any)
                    .flatMap(_ -> Users.create(unit, email, email, hash, ROLES)))
        .doOnNext(made ->
            LOG.info("The first account was made, a platform administrator's: {}", made.email()))
        .then();
  }
}
