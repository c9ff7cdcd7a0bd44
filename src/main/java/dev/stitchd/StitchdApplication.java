package dev.stitchd;

import dev.stitchd.launch.CommandLine;
import org.springframework.aot.AotDetector;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.annotation.FullyQualifiedAnnotationBeanNameGenerator;
import org.springframework.context.aot.AbstractAotProcessor;
import org.springframework.core.SpringProperties;
import org.springframework.modulith.Modulithic;
import org.springframework.util.ClassUtils;

/// The server process. Components are named by their full class name, so that rooms never clash.
/// Everything it needs comes from `STITCHD_…` environment variables; see the README's table.
@SpringBootApplication(nameGenerator = FullyQualifiedAnnotationBeanNameGenerator.class)
@ConfigurationPropertiesScan
@Modulithic(sharedModules = "kernel", systemName = "Stitchd")
public class StitchdApplication {

  /// What Spring adds to the name of this class for what the build wrote.
  private static final String DESCRIPTION = "__ApplicationContextInitializer";

  /// Starts the server and returns once it listens, or does what the arguments ask for and exits.
  public static void main(String[] arguments) {
    CommandLine.run(StitchdApplication.class, arguments)
        .ifPresentOrElse(System::exit, () -> start(arguments));
  }

  /// The packaged server knows its beans from code that the build wrote (`src/main/build`), and
  /// does not search for them.
  private static void start(String[] arguments) {
    if (!Boolean.getBoolean(AbstractAotProcessor.AOT_PROCESSING)
        && ClassUtils.isPresent(StitchdApplication.class.getName() + DESCRIPTION, null)) {
      SpringProperties.setProperty(AotDetector.AOT_ENABLED, "true");
    }
    var _ = SpringApplication.run(StitchdApplication.class, arguments);
  }
}
