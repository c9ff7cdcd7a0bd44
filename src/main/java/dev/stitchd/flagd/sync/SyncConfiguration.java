package dev.stitchd.flagd.sync;

import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(SyncSettings.class)
class SyncConfiguration {

  /// Compiling a large set takes longer than an event loop may be kept.
  @Bean(destroyMethod = "dispose")
  Scheduler flagSets() {
    return Schedulers.newSingle("flag-sets", true);
  }
}
