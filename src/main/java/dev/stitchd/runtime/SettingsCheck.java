package dev.stitchd.runtime;

import dev.stitchd.kernel.Allowed;
import dev.stitchd.kernel.CheckedSettings;
import dev.stitchd.kernel.StartFailure;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.context.aot.AbstractAotProcessor;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.StandardEnvironment;

/// Reads all settings before anything is made of them, so that a person hears of everything that is
/// wrong with them at once, each by the name that they wrote.
final class SettingsCheck implements BeanFactoryPostProcessor {

  private static final Logger LOG = LoggerFactory.getLogger(SettingsCheck.class);
  static final String OURS = "STITCHD_";

  /// What `application.yaml` hands to the framework.
  private record Framework(
      @Allowed(from = "0", to = "65535") int port, String address, boolean http2) {}

  private final ConfigurableEnvironment environment;
  private final Binder binder;

  /// Each setting's variable by the ways in which it may be written: `STITCHD_STREAM_PER_KEY`, and
  /// `STITCHD_STREAM_PERKEY` as the framework has it.
  private final Map<String, String> variables = new TreeMap<>();

  /// The same, of lists: `STITCHD_TRUSTED_PROXIES_0` is the first of one.
  private final Map<String, String> lists = new TreeMap<>();

  /// Each setting that is one, as it is written or by itself.
  private final Map<String, String> durations = new TreeMap<>();

  private final List<String> problems = new ArrayList<>();

  SettingsCheck(ConfigurableEnvironment environment) {
    this.environment = environment;
    binder = Binder.get(environment);
  }

  @Override
  public void postProcessBeanFactory(ConfigurableListableBeanFactory beans) {
    if (Boolean.getBoolean(AbstractAotProcessor.AOT_PROCESSING)) {
      return; // the build describes the beans (src/main/build); its environment is nobody's server
    }
    check(
        Arrays.stream(beans.getBeanDefinitionNames())
            .map(name -> beans.getType(name, false))
            .filter(Objects::nonNull)
            .filter(
                type -> type.isRecord() && type.isAnnotationPresent(ConfigurationProperties.class))
            .distinct());
  }

  /// @throws StartFailure that names all that is wrong
  void check(Stream<? extends Class<?>> records) {
    components("stitchd.http", Framework.class);
    records.forEach(this::check);
    ports();
    lateEvents();
    unknown().forEach(this::warn);
    if (!problems.isEmpty()) {
      throw new StartFailure(
          String.join(System.lineSeparator(), problems.stream().distinct().toList()), null);
    }
  }

  private void ports() {
    var http = port("server.port");
    if (http > 0 && http == port("stitchd.management.port")) {
      problems.add(
          sentence(
              "stitchd.management.port",
              "another port than STITCHD_HTTP_PORT",
              Integer.toString(http)));
    }
  }

  /// An erasure has to wait for whatever does not begin it again.
  private void lateEvents() {
    var late = durations.get("stitchd.events.late");
    var settle = durations.get("stitchd.erasures.settle");
    if (problems.isEmpty()
        && late != null
        && settle != null
        && DurationStyle.detectAndParse(late).compareTo(DurationStyle.detectAndParse(settle))
            >= 0) {
      problems.add(
          "STITCHD_EVENTS_LATE is %s and must be less than STITCHD_ERASURES_SETTLE, which is %s: events that are stored in between would never be erased."
              .formatted(late, settle));
    }
  }

  private int port(String name) {
    try {
      return binder.bind(name, Integer.class).orElse(0);
    } catch (BindException _) {
      return 0; // told with the others
    }
  }

  private void check(Class<?> type) {
    var prefix = type.getAnnotation(ConfigurationProperties.class).value();
    int before = problems.size();
    components(prefix, type);
    if (problems.size() == before) {
      together(prefix, type);
    }
  }

  private void components(String prefix, Class<?> type) {
    for (var component : type.getRecordComponents()) {
      var name = prefix + '.' + SettingRange.dashed(component.getName());
      if (component.getType().isRecord()) {
        components(name, component.getType());
      } else {
        known(name, component.getType());
        component(name, component);
      }
    }
  }

  private void known(String name, Class<?> type) {
    var variable = SettingRange.variable(name);
    for (var written : List.of(variable, SettingRange.variable(name.replace("-", "")))) {
      variables.put(written, variable);
      if (type == List.class) {
        lists.put(written, variable);
      }
    }
  }

  private void component(String name, RecordComponent component) {
    var range = SettingRange.of(component.getType(), component.getAnnotation(Allowed.class));
    var raw = binder.bind(name, String.class).orElse(null);
    var value = raw == null ? byItself(component) : raw;
    if (value != null && component.getType() == Duration.class) {
      durations.put(name, value);
    }
    if (range == null || raw == null) {
      return;
    }
    try {
      range
          .broken(binder.bind(name, component.getType()).get())
          .ifPresent(rule -> problems.add(sentence(name, rule, raw)));
    } catch (BindException _) {
      problems.add(sentence(name, range.kind(), raw));
    }
  }

  private static @Nullable String byItself(RecordComponent component) {
    return Arrays.stream(component.getDeclaringRecord().getDeclaredConstructors())
        .flatMap(constructor -> Arrays.stream(constructor.getParameters()))
        .filter(parameter -> parameter.getName().equals(component.getName()))
        .flatMap(parameter -> Arrays.stream(parameter.getAnnotationsByType(DefaultValue.class)))
        .flatMap(value -> Arrays.stream(value.value()))
        .findFirst()
        .orElse(null);
  }

  private static String sentence(String name, String rule, String raw) {
    return "%s must be %s, not %s.".formatted(SettingRange.variable(name), rule, raw);
  }

  /// Rules that a record has for several of its settings together, and types without a range.
  private void together(String prefix, Class<?> type) {
    try {
      if (binder.bindOrCreate(prefix, type) instanceof CheckedSettings settings) {
        settings.check();
      }
    } catch (StartFailure failure) {
      problems.add(String.valueOf(failure.getMessage()));
    } catch (BindException failure) {
      var cause = NestedExceptionUtils.getMostSpecificCause(failure);
      problems.add(
          cause instanceof IllegalArgumentException && cause.getMessage() != null
              ? cause.getMessage()
              : "%s cannot be read as %s."
                  .formatted(
                      SettingRange.variable(failure.getName().toString()),
                      failure.getTarget().getType()));
    }
  }

  /// Variables with our prefix that no setting has.
  List<String> unknown() {
    var source =
        environment
            .getPropertySources()
            .get(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME);
    return source instanceof EnumerablePropertySource<?> names
        ? Arrays.stream(names.getPropertyNames())
            .filter(name -> name.startsWith(OURS))
            .filter(name -> !variables.containsKey(name) && !lists.containsKey(withoutIndex(name)))
            .sorted()
            .toList()
        : List.of();
  }

  private static String withoutIndex(String name) {
    return name.replaceAll("_\\d+$", "");
  }

  private void warn(String name) {
    LOG.warn(
        "Settings: {} is set, but there is no such setting, so it changes nothing; did you mean {}?",
        name,
        nearest(name));
  }

  /// The known name that the fewest typing errors lead from.
  @Nullable String nearest(String name) {
    return variables.values().stream()
        .min((a, b) -> Integer.compare(distance(name, a), distance(name, b)))
        .orElse(null);
  }

  /// Levenshtein's.
  private static int distance(String a, String b) {
    var above = new int[b.length() + 1];
    Arrays.setAll(above, column -> column);
    for (int row = 1; row <= a.length(); row++) {
      var line = new int[above.length];
      line[0] = row;
      for (int column = 1; column < line.length; column++) {
        int changed = above[column - 1] + (a.charAt(row - 1) == b.charAt(column - 1) ? 0 : 1);
        line[column] = Math.min(changed, 1 + Math.min(above[column], line[column - 1]));
      }
      above = line;
    }
    return above[b.length()];
  }
}
