package dev.stitchd.runtime;

import java.util.Map;
import java.util.TreeMap;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/// An empty variable is none: `STITCHD_HTTP_PORT: ${PORT:-}` in a file of Docker Compose says that
/// there is nothing to say.
final class EmptyVariables implements EnvironmentPostProcessor {

  private static final String SOURCE = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;

  @Override
  public void postProcessEnvironment(
      ConfigurableEnvironment environment, SpringApplication application) {
    var sources = environment.getPropertySources();
    var variables = sources.get(SOURCE);
    if (variables instanceof SystemEnvironmentPropertySource all) {
      sources.replace(SOURCE, new SystemEnvironmentPropertySource(SOURCE, given(all.getSource())));
    }
  }

  private static Map<String, Object> given(Map<String, Object> variables) {
    var given = new TreeMap<>(variables);
    given.entrySet().removeIf(variable -> isEmpty(variable.getKey(), variable.getValue()));
    return given;
  }

  private static boolean isEmpty(String name, Object value) {
    return name.startsWith(SettingsCheck.OURS) && value.toString().isBlank();
  }
}
