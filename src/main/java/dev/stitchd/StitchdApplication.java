package dev.stitchd;

import dev.stitchd.launch.CommandLine;
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

  /// Starts the server and returns once it listens, or does what the arguments ask for and exits.
  public static void main(String[] arguments) {
    CommandLine.run(StitchdApplication.class, arguments)
        .ifPresentOrElse(System::exit, () -> start(arguments));
  }

  private static void start(String[] arguments) {
    var _ = SpringApplication.run(StitchdApplication.class, arguments);
  }
}
