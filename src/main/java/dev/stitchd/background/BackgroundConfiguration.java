package dev.stitchd.background;

import java.util.Arrays;
import org.springframework.beans.factory.BeanRegistrar;
import org.springframework.beans.factory.BeanRegistry;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import reactor.core.scheduler.Scheduler;

/// Gives Spring one lifecycle for each line of the [StartOrder].
@Configuration(proxyBeanMethods = false)
@Import(BackgroundConfiguration.Phases.class)
class BackgroundConfiguration {

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
