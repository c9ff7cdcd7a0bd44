package dev.stitchd.ingest;

import dev.stitchd.boundary.ClientAddress;
import dev.stitchd.catalog.event.DefinedEvents;
import dev.stitchd.catalog.event.EventDefinitions;
import dev.stitchd.delivery.EventAccounting;
import dev.stitchd.delivery.EventQueue;
import dev.stitchd.delivery.RejectionLog;
import dev.stitchd.endpoint.EndpointAccess;
import dev.stitchd.ingest.definitions.DefinitionCache;
import dev.stitchd.ingest.definitions.Registrar;
import dev.stitchd.ingest.quota.AddressBuckets;
import dev.stitchd.ingest.quota.Allowances;
import dev.stitchd.ingest.quota.QuotaLeases;
import dev.stitchd.ingest.quota.QuotaTokens;
import dev.stitchd.ingest.quota.TokenBalances;
import dev.stitchd.propagation.Instances;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.random.RandomGenerator;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// Puts the room together.
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(IngestSettings.class)
class IngestConfiguration {

  /// For inflating and parsing, which take processor time and never block.
  @Bean(destroyMethod = "dispose")
  Scheduler ingest(IngestSettings settings) {
    return Schedulers.newParallel("ingest", settings.threads(), true);
  }

  @Bean
  TokenBalances quotaBalances(IngestSettings settings, MeterRegistry meters) {
    var balances = new TokenBalances(settings.quota());
    Gauge.builder("stitchd.ingest.quota.balances", balances, TokenBalances::size)
        .description("Token buckets that this node holds a part of")
        .register(meters);
    return balances;
  }

  @Bean
  QuotaLeases quotaLeases(
      TokenBalances balances,
      QuotaTokens tokens,
      IngestSettings settings,
      @Qualifier("timer") Scheduler timer,
      RandomGenerator chance) {
    return new QuotaLeases(balances, tokens, settings.quota(), timer, chance);
  }

  @Bean
  DefinitionCache eventDefinitionCache(
      DefinedEvents events, IngestSettings settings, @Qualifier("timer") Scheduler timer) {
    return new DefinitionCache(events, settings.definitions(), timer);
  }

  @Bean
  Senders eventSenders(
      DefinitionCache definitions,
      TokenBalances balances,
      ClientAddress addresses,
      Instances instances,
      IngestSettings settings,
      @Qualifier("timer") Scheduler timer,
      RandomGenerator chance) {
    var buckets = new AddressBuckets(settings.quota(), timer);
    var allowances = new Allowances(balances, buckets, settings.quota(), timer, chance);
    return new Senders(definitions, allowances, addresses, instances);
  }

  @Bean
  EventIntake eventIntake(
      EventQueue queue,
      EventDefinitions definitions,
      DefinitionCache cache,
      IngestSettings settings,
      Clock clock,
      @Qualifier("ingest") Scheduler ingest,
      @Qualifier("timer") Scheduler timer,
      MeterRegistry meters) {
    var budget = new BufferBudget(settings.buffered().toBytes());
    Gauge.builder("stitchd.ingest.buffered", budget, BufferBudget::taken)
        .description("Bytes of event bodies that are being collected")
        .baseUnit("bytes")
        .strongReference(true)
        .register(meters);
    var registrar = new Registrar(definitions::register, cache, settings.definitions(), timer);
    return new EventIntake(queue, registrar, budget, settings, clock, ingest);
  }

  @Bean
  EventEndpoint eventEndpoint(
      EndpointAccess access,
      Senders senders,
      EventIntake intake,
      EventAccounting account,
      RejectionLog rejections,
      MeterRegistry meters) {
    return new EventEndpoint(access, senders, intake, account, rejections, meters);
  }
}
