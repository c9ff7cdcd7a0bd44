package dev.stitchd;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.annotation.FullyQualifiedAnnotationBeanNameGenerator;
import org.springframework.modulith.Modulithic;

/// The server process. Components are named by their full class name, so that rooms never clash.
/// Everything it needs comes from `STITCHD_…` environment variables; see the README's table.
@SpringBootApplication(nameGenerator = FullyQualifiedAnnotationBeanNameGenerator.class)
@ConfigurationPropertiesScan
@Modulithic(sharedModules = "kernel", systemName = "Stitchd")
public class StitchdApplication {

  /// Starts the server; returns once it listens.
  public static void main(String[] arguments) {
    SpringApplication.run(StitchdApplication.class, arguments);
  }
}
