package dev.stitchd.background;

import java.time.Duration;
import java.util.Arrays;
import org.springframework.beans.factory.BeanRegistrar;
import org.springframework.beans.factory.BeanRegistry;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.support.AbstractApplicationContext;
import org.springframework.context.support.DefaultLifecycleProcessor;
import org.springframework.core.env.Environment;
import reactor.core.scheduler.Scheduler;

/// Gives Spring one lifecycle for each line of the [StartOrder].
@Configuration(proxyBeanMethods = false)
@Import(BackgroundConfiguration.Phases.class)
class BackgroundConfiguration {

  /// How much longer than the drain a phase of the shutdown may take before it is cut off.
  private static final Duration SHUTDOWN_GRACE = Duration.ofSeconds(10);

  @Bean
  Draining draining(DrainSettings settings) {
    return new Draining(settings.drain());
  }

  /// Gives every phase of the shutdown the time that the drain was set to, and some more.
  @Bean(name = AbstractApplicationContext.LIFECYCLE_PROCESSOR_BEAN_NAME)
  DefaultLifecycleProcessor lifecycleProcessor(DrainSettings settings) {
    var processor = new DefaultLifecycleProcessor();
    processor.setTimeoutPerShutdownPhase(settings.drain().plus(SHUTDOWN_GRACE).toMillis());
    return processor;
  }

  static final class Phases implements BeanRegistrar {

    @Override
    public void register(BeanRegistry registry, Environment environment) {
      Arrays.stream(StartOrder.values())
          .filter(order -> !order.isSprings())
          .forEach(order ->
              registry.registerBean(
                  "jobs-" + order.name(),
                  JobPhase.class,
                  spec ->
                      spec.supplier(context -> {
                        var jobs = context.beanProvider(BackgroundJob.class);
                        return new JobPhase(
                            order,
                            () -> jobs.stream().toList(),
                            () -> context.bean("timer", Scheduler.class));
                      })));
    }
  }
}
