package dev.stitchd.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.kernel.StartFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.context.annotation.ClassPathScanningCandidateComponentProvider;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.type.filter.AnnotationTypeFilter;

class SettingsCheckTest {

  @Test
  void defaultsAreAllowed() throws Exception {
    check(Map.of()).check(records().stream());
  }

  @Test
  void allThatIsWrongIsSaidAtOnceByTheNameThatThePersonWrote() {
    assertThatThrownBy(() ->
            check(
                    Map.of(
                        "STITCHD_STREAM_HEARTBEAT", "16s",
                        "STITCHD_HTTP_PORT", "70000",
                        "STITCHD_SNAPSHOT_READS", "0",
                        "STITCHD_INGEST_QUOTA_CLIENT_PERCENT", "101",
                        "STITCHD_LISTS_IDLE", "-1s",
                        "STITCHD_POSTGRES_LOCK_TIMEOUT", "soon"))
                .check(records().stream()))
        .isInstanceOf(StartFailure.class)
        .extracting(failure -> failure.getMessage().lines().toList())
        .asInstanceOf(InstanceOfAssertFactories.list(String.class))
        .containsExactlyInAnyOrder(
            "STITCHD_STREAM_HEARTBEAT must be between 1ms and 15s, not 16s.",
            "STITCHD_HTTP_PORT must be between 0 and 65535, not 70000.",
            "STITCHD_SNAPSHOT_READS must be at least 1, not 0.",
            "STITCHD_INGEST_QUOTA_CLIENT_PERCENT must be between 1 and 100, not 101.",
            "STITCHD_LISTS_IDLE must be at least 1ms, not -1s.",
            "STITCHD_POSTGRES_LOCK_TIMEOUT must be a duration such as 500ms, 10s or 5m, not soon.");
  }

  @Test
  void heartbeatOfNothingIsRefusedAndASmallOneIsAllowed() throws Exception {
    assertThatThrownBy(
            () -> check(Map.of("STITCHD_STREAM_HEARTBEAT", "0s")).check(records().stream()))
        .hasMessage("STITCHD_STREAM_HEARTBEAT must be between 1ms and 15s, not 0s.");
    check(Map.of("STITCHD_STREAM_HEARTBEAT", "1ms")).check(records().stream());
  }

  @Test
  void rulesOfSeveralSettingsTogetherAreChecked() {
    assertThatThrownBy(
            () -> check(Map.of("STITCHD_STREAM_LONGEST_AGE", "1m")).check(records().stream()))
        .isInstanceOf(StartFailure.class)
        .hasMessageContaining("STITCHD_STREAM_LONGEST_AGE");
  }

  @Test
  void unknownVariablesAreNamedWithTheNearestKnownOne() throws Exception {
    var check =
        check(
            Map.of(
                "STITCHD_STREM_HEARTBEAT", "1s",
                "STITCHD_TRUSTED_PROXIES_0", "10.0.0.0/8",
                "STITCHD_STREAM_PERKEY", "5",
                "STITCHD_HTTP_HTTP2", "true"));
    check.check(records().stream());
    assertThat(check.unknown()).containsExactly("STITCHD_STREM_HEARTBEAT");
    assertThat(check.nearest("STITCHD_STREM_HEARTBEAT")).isEqualTo("STITCHD_STREAM_HEARTBEAT");
  }

  private static SettingsCheck check(Map<String, Object> variables) {
    var environment = new StandardEnvironment();
    environment
        .getPropertySources()
        .replace(
            "systemEnvironment",
            new SystemEnvironmentPropertySource("systemEnvironment", variables));
    return new SettingsCheck(environment);
  }

  private static List<Class<?>> records() throws ClassNotFoundException {
    var scanner = new ClassPathScanningCandidateComponentProvider(false);
    scanner.addIncludeFilter(new AnnotationTypeFilter(ConfigurationProperties.class));
    var found = new ArrayList<Class<?>>();
    for (var record : scanner.findCandidateComponents("dev.stitchd")) {
      found.add(Class.forName(record.getBeanClassName()));
    }
    return found;
  }
}
