package dev.stitchd.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.kernel.Allowed;
import dev.stitchd.kernel.StartFailure;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.ClassPathScanningCandidateComponentProvider;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.type.filter.AnnotationTypeFilter;
import org.springframework.util.unit.DataSize;

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

  /// Whoever holds a lock says something after half of the one, and loses it after the other.
  @Test
  void connectionsAreDoubtedBeforePostgresqlEndsTheirTransactions() throws Exception {
    assertThatThrownBy(
            () -> check(Map.of("STITCHD_POSTGRES_DOUBT_AFTER", "5s")).check(records().stream()))
        .isInstanceOf(StartFailure.class)
        .hasMessage(
            "STITCHD_POSTGRES_DOUBT_AFTER is 5s and must not be longer than STITCHD_POSTGRES_IDLE_TRANSACTION, which is 2s: PostgreSQL would end transactions that hold a lock before this node says anything on them.");
    check(Map.of("STITCHD_POSTGRES_DOUBT_AFTER", "5s", "STITCHD_POSTGRES_IDLE_TRANSACTION", "5s"))
        .check(records().stream());
  }

  @Test
  void anErasureWaitsForWhateverDoesNotBeginItAgain() throws Exception {
    for (var wrong : List.of("STITCHD_EVENTS_LATE=10s", "STITCHD_ERASURES_SETTLE=PT5S")) {
      var parts = wrong.split("=");
      assertThatThrownBy(() -> check(Map.of(parts[0], parts[1])).check(records().stream()))
          .isInstanceOf(StartFailure.class)
          .hasMessageStartingWith("STITCHD_EVENTS_LATE is ")
          .hasMessageContaining(" must be less than STITCHD_ERASURES_SETTLE, which is ");
    }
    check(Map.of("STITCHD_EVENTS_LATE", "PT9S")).check(records().stream());
  }

  @Test
  void erasingHasAConnectionBesideItsLocks() {
    assertThatThrownBy(() ->
            check(Map.of("STITCHD_POSTGRES_MANAGEMENT_CONNECTIONS", "2")).check(records().stream()))
        .hasMessageContaining("STITCHD_POSTGRES_MANAGEMENT_CONNECTIONS must be at least 3");
  }

  @Test
  void unknownVariablesAreNamedWithTheNearestKnownOne() throws Exception {
    var check =
        check(
            Map.of(
                "STITCHD_STREM_HEARTBEAT", "1s",
                "STITCHD_TRUSTED_PROXIES_0", "10.0.0.0/8",
                "STITCHD_STREAM_PERKEY", "5",
                "STITCHD_HTTP_HTTP2", "true",
                "STITCHD_HTTPPORT", "1",
                "STITCHD_HTTP_PORT_0", "1",
                "STITCHD_STREAMPERKEY", "1"));
    check.check(records().stream());
    assertThat(check.unknown())
        .containsExactly(
            "STITCHD_HTTPPORT",
            "STITCHD_HTTP_PORT_0",
            "STITCHD_STREAMPERKEY",
            "STITCHD_STREM_HEARTBEAT");
    assertThat(check.nearest("STITCHD_STREM_HEARTBEAT")).isEqualTo("STITCHD_STREAM_HEARTBEAT");
  }

  /// A size that is counted as an `int` somewhere has a bound that fits it.
  @Test
  void onlySizesThatAreNeverOneBufferAreUnbounded() throws Exception {
    var unbounded =
        records().stream()
            .flatMap(type -> Arrays.stream(type.getRecordComponents()))
            .filter(component -> component.getType() == DataSize.class)
            .filter(component -> {
              var allowed = component.getAnnotation(Allowed.class);
              return allowed == null || allowed.to().isEmpty();
            })
            .map(RecordComponent::getName);
    assertThat(unbounded)
        .containsExactlyInAnyOrder(
            "queueBytes",
            "size",
            "deadSize",
            "deadFileSize",
            "fileSize",
            "membersKept",
            "linesSize",
            "buffered",
            "chunkSize", // of events, which are counted
            "pollBodies",
            "compressFrom");
    assertThatThrownBy(() ->
            check(
                    Map.of(
                        "STITCHD_STREAM_WRITE_SIZE", "4GB",
                        "STITCHD_INGEST_EVENT_SIZE", "4GB",
                        "STITCHD_OFREP_MAX_BODY", "3GB",
                        "STITCHD_HTTP_EVENT_LOOPS", "2000000"))
                .check(records().stream()))
        .extracting(failure -> failure.getMessage().lines().toList())
        .asInstanceOf(InstanceOfAssertFactories.list(String.class))
        .containsExactlyInAnyOrder(
            "STITCHD_STREAM_WRITE_SIZE must be between 1B and 1GB, not 4GB.",
            "STITCHD_INGEST_EVENT_SIZE must be between 1B and 1GB, not 4GB.",
            "STITCHD_OFREP_MAX_BODY must be between 1B and 1GB, not 3GB.",
            "STITCHD_HTTP_EVENT_LOOPS must be between 0 and 1024, not 2000000.");
  }

  @Test
  void addressesSwitchesAndSecretsAreNamedWithTheRest() {
    assertThatThrownBy(() ->
            check(
                    Map.of(
                        "STITCHD_POSTGRES_URL", "nonsense",
                        "STITCHD_CLICKHOUSE_URL", "ftp://x",
                        "STITCHD_TRUSTED_PROXIES", "10.0.0.0/99",
                        "STITCHD_HTTP_HTTP2", "maybe",
                        "STITCHD_OFREP_PATH_PREFIX", "flags",
                        "STITCHD_SECRET", "short",
                        "STITCHD_BOOTSTRAP_TOKEN", "short",
                        "STITCHD_TLS_CERTIFICATE", "nowhere.pem"))
                .check(records().stream()))
        .isInstanceOf(StartFailure.class)
        .extracting(
            failure -> failure.getMessage().lines().map(line -> line.split(" ")[0]).toList())
        .asInstanceOf(InstanceOfAssertFactories.list(String.class))
        .containsExactlyInAnyOrder(
            "STITCHD_POSTGRES_URL",
            "STITCHD_CLICKHOUSE_URL",
            "STITCHD_TRUSTED_PROXIES",
            "STITCHD_HTTP_HTTP2",
            "STITCHD_OFREP_PATH_PREFIX",
            "STITCHD_SECRET",
            "STITCHD_BOOTSTRAP_TOKEN",
            "TLS");
  }

  @Test
  void theManagementPortIsAnotherThanTheHttpPort() {
    assertThatThrownBy(() ->
            check(Map.of("SERVER_PORT", "9000", "STITCHD_MANAGEMENT_PORT", "9000"))
                .check(records().stream()))
        .hasMessage(
            "STITCHD_MANAGEMENT_PORT must be another port than STITCHD_HTTP_PORT, not 9000.");
  }

  @Test
  void anEmptyVariableIsNone() throws Exception {
    var empty =
        Map.<String, Object>of(
            "STITCHD_HTTP_PORT", "",
            "STITCHD_STREAM_PER_KEY", "",
            "STITCHD_DRAIN", "",
            "STITCHD_HTTP_HTTP2", "",
            "STITCHD_STREAM_WRITE_SIZE", "",
            "STITCHD_TLS_CERTIFICATE", "",
            "STITCHD_TRUSTED_PROXIES", "");
    var environment = environment(empty);
    new EmptyVariables().postProcessEnvironment(environment, new SpringApplication());
    var check = new SettingsCheck(environment);
    check.check(records().stream());
    assertThat(check.unknown()).isEmpty();
    for (var type : records()) {
      var prefix = type.getAnnotation(ConfigurationProperties.class).value();
      assertThat(Binder.get(environment).bindOrCreate(prefix, type))
          .as(prefix)
          .isEqualTo(Binder.get(environment(Map.of())).bindOrCreate(prefix, type));
    }
  }

  private static SettingsCheck check(Map<String, Object> variables) {
    return new SettingsCheck(environment(variables));
  }

  /// With stores, which have no defaults.
  private static StandardEnvironment environment(Map<String, Object> given) {
    var variables = new HashMap<String, Object>();
    variables.put("STITCHD_POSTGRES_URL", "postgresql://user@127.0.0.1/db");
    variables.put("STITCHD_CLICKHOUSE_URL", "http://127.0.0.1:8123/db");
    variables.putAll(given);
    var environment = new StandardEnvironment();
    environment
        .getPropertySources()
        .replace(
            "systemEnvironment",
            new SystemEnvironmentPropertySource("systemEnvironment", variables));
    return environment;
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
