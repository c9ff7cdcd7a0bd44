package dev.stitchd.segment;

import dev.stitchd.segment.upload.UploadSettings;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// Puts the room together.
@Configuration(proxyBeanMethods = false)
final class SegmentConfiguration {

  /// For inflating and reading uploads, which takes processor time and never blocks.
  @Bean(destroyMethod = "dispose")
  Scheduler imports(UploadSettings settings) {
    return Schedulers.newParallel("imports", settings.importThreads(), true);
  }

  @Bean
  ImportSlots importSlots(UploadSettings settings, MeterRegistry meters) {
    var slots = new ImportSlots(settings.imports());
    Gauge.builder("stitchd.lists.uploads", slots, ImportSlots::taken)
        .description("Uploads of lists that are being read")
        .register(meters);
    return slots;
  }
}
