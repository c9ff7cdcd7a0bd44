package dev.stitchd.runtime;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.http.client.ReactorResourceFactory;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;

/// Time and chance, made here and injected everywhere, so that tests can replace them.
@Configuration(proxyBeanMethods = false)
final class RuntimeConfiguration {

  /// Static, since it comes before all other beans.
  @Bean
  static SettingsCheck settingsCheck(ConfigurableEnvironment environment) {
    return new SettingsCheck(environment);
  }

  /// The event loops of the HTTP server, one for each processor: more of them take turns on the
  /// same ones and wake up more often.
  @Bean
  @ConditionalOnMissingBean
  ReactorResourceFactory reactorResourceFactory(HttpSettings settings) {
    var resources = new ReactorResourceFactory();
    resources.setUseGlobalResources(false);
    // by then the connections are closed, so the process need not stay for two seconds of quiet
    resources.setShutdownQuietPeriod(Duration.ZERO);
    resources.setLoopResourcesSupplier(
        () -> LoopResources.create("http", 1, settings.threads(), true));
    return resources;
  }

  @Bean
  Clock clock() {
    return Clock.systemUTC();
  }

  /// For timeouts, heartbeats and delays; its threads must not block.
  @Bean(destroyMethod = "dispose")
  Scheduler timer() {
    return Schedulers.newParallel("timer", 1, true);
  }

  /// Chance for jitter and salts, not for secrets; safe from any thread.
  @Bean
  RandomGenerator chance() {
    return () -> ThreadLocalRandom.current().nextLong();
  }
}
