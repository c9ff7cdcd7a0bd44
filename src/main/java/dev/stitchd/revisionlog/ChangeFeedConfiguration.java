package dev.stitchd.revisionlog;

import dev.stitchd.postgres.AdvisoryLock;
import dev.stitchd.postgres.Lender;
import dev.stitchd.postgres.Transactions;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Puts the room together.
@Configuration(proxyBeanMethods = false)
final class ChangeFeedConfiguration {

  @Bean
  BroadcastChangeFeed changeFeed(ChangeFeedSettings settings) {
    return new BroadcastChangeFeed(settings.mailbox());
  }

  @Bean
  SafetyPoll safetyPoll(SafetyPollSettings settings) {
    return new SafetyPoll(settings.safetyPoll(), settings.confirmedWithin());
  }

  @Bean
  ChangeListener changeFeedListener(
      @Qualifier("listener") Supplier<Mono<PostgresqlConnection>> connections,
      Transactions transactions,
      BroadcastChangeFeed feed,
      ChangeFeedSettings settings,
      @Qualifier("timer") Scheduler timer,
      RandomGenerator chance,
      MeterRegistry meters) {
    var listening = new ListeningConnection(connections, transactions::onPlatform, settings, timer);
    var listener = new ChangeListener(listening, feed, settings, timer, chance);
    Gauge.builder("stitchd.changefeed.listening", listener, l -> l.isConnected() ? 1 : 0)
        .description("1 while the connection that hears of changes is open")
        .register(meters);
    return listener;
  }

  @Bean
  HistoryPruning historyPruning(
      Transactions transactions,
      @Qualifier("managementLender") Lender postgres,
      HistorySettings settings,
      @Qualifier("timer") Scheduler timer,
      MeterRegistry meters) {
    return new HistoryPruning(
        transactions, AdvisoryLock.ofHistory(postgres), settings, timer, meters);
  }

  /// PostgreSQL as health names it: out while its listening connection cannot be kept open.
  @Bean
  HealthIndicator postgresql(ChangeListener changeFeedListener) {
    return () -> (changeFeedListener.isConnected() ? Health.up() : Health.outOfService()).build();
  }
}
