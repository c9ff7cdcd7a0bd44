package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.context.annotation.ClassPathScanningCandidateComponentProvider;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.type.filter.AnnotationTypeFilter;

/// `docs/configuration.md` names every setting with its default.
class ConfigurationDocTest {

  @Test
  void everySettingIsDocumentedWithItsDefault() throws Exception {
    var documented = Files.readString(Path.of("docs/configuration.md"));
    var missing = settings().stream().filter(setting -> !documented.contains(setting)).toList();
    assertThat(missing).as("rows that docs/configuration.md lacks").isEmpty();
  }

  /// Settings that `application.yaml` hands to the framework.
  @Test
  void everySettingOfTheFrameworkIsDocumentedWithItsDefault() throws Exception {
    var documented = Files.readString(Path.of("docs/configuration.md"));
    var missing =
        Pattern.compile("\\$\\{(stitchd[.\\w-]+):([^}]+)}")
            .matcher(Files.readString(Path.of("src/main/resources/application.yaml")))
            .results()
            .map(found -> row(found.group(1), "`" + found.group(2) + "`"))
            .filter(setting -> !documented.contains(setting))
            .toList();
    assertThat(missing).as("rows that docs/configuration.md lacks").isEmpty();
  }

  @Test
  void theDocumentedNamesBindAsEnvironmentVariables() throws Exception {
    var variables =
        Map.<String, Object>of(
            "STITCHD_EVENTS_QUEUE_EVENTS", "77", "STITCHD_POSTGRES_URL", "postgresql://u@h/d");
    var environment = new StandardEnvironment();
    environment
        .getPropertySources()
        .addFirst(new SystemEnvironmentPropertySource("systemEnvironment", variables));
    var binder = Binder.get(environment);
    var events =
        binder.bindOrCreate(
            "stitchd.events", Class.forName("dev.stitchd.delivery.queue.DeliverySettings"));
    var postgres =
        binder.bindOrCreate(
            "stitchd.postgres", Class.forName("dev.stitchd.postgres.PostgresSettings"));
    assertThat(events.toString()).contains("queueEvents=77");
    var url = postgres.getClass().getDeclaredMethod("url");
    url.setAccessible(true);
    assertThat(url.invoke(postgres)).isEqualTo("postgresql://u@h/d");
  }

  private static List<String> settings()
      throws ClassNotFoundException, IOException, NoSuchMethodException {
    var scanner = new ClassPathScanningCandidateComponentProvider(false);
    scanner.addIncludeFilter(new AnnotationTypeFilter(ConfigurationProperties.class));
    var rows = new ArrayList<String>();
    for (var found : scanner.findCandidateComponents("dev.stitchd")) {
      var type = Class.forName(found.getBeanClassName());
      addRows(type, type.getAnnotation(ConfigurationProperties.class).value(), rows);
    }
    assertThat(rows).isNotEmpty();
    return rows;
  }

  private static void addRows(Class<?> type, String prefix, List<String> rows) {
    var parameters = type.getDeclaredConstructors()[0].getParameters();
    var components = type.getRecordComponents();
    for (int i = 0; i < components.length; i++) {
      var name = prefix + "." + dashed(components[i]);
      if (components[i].getType().isRecord()) {
        addRows(components[i].getType(), name, rows);
        continue;
      }
      var value = parameters[i].getAnnotation(DefaultValue.class);
      var shown =
          value == null || value.value().length == 0
              ? "–"
              : "`" + String.join(",", value.value()) + "`";
      rows.add(row(name, shown));
    }
  }

  private static String row(String name, String shown) {
    var variable = name.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    return "| `" + variable + "` | " + shown + " |";
  }

  private static String dashed(RecordComponent component) {
    return component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }
}
