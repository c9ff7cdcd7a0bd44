package dev.stitchd.ingest;

import dev.stitchd.access.Access;
import dev.stitchd.delivery.EventAccount;
import dev.stitchd.delivery.EventQueue;
import dev.stitchd.propagation.Instances;
import dev.stitchd.snapshot.Snapshots;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
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
  RouterFunction<ServerResponse> eventRoutes(
      Access access,
      Snapshots snapshots,
      EventQueue queue,
      Instances instances,
      EventAccount account,
      IngestSettings settings,
      Clock clock,
      @Qualifier("ingest") Scheduler ingest,
      MeterRegistry meters) {
    var budget = new BufferBudget(settings.buffered().toBytes());
    Gauge.builder("stitchd.ingest.buffered", budget, BufferBudget::taken)
        .description("Bytes of event bodies that are being collected")
        .baseUnit("bytes")
        .strongReference(true)
        .register(meters);
    var intake = new EventIntake(queue, budget, settings, clock, ingest);
    var door = new EventDoor(access, snapshots, intake, instances, account);
    return RouterFunctions.route().POST("/sdk/v1/events", door::post).build();
  }
}
