package dev.stitchd.dev;

import dev.stitchd.StitchdApplication;
import dev.stitchd.grpc.GrpcServer;
import dev.stitchd.warehouse.clickhouse.WarehouseHealth;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.http.client.ReactorResourceFactory;

/// A whole server in this JVM, on a free port of 127.0.0.1, configured as production is: by
/// `STITCHD_…` variables. Several may run at once, also on the same databases, as the nodes of one
/// installation do.
///
/// ```
/// try (var server = Server.start()) {
///   server.admin().createProject("web");
/// }
/// try (var one = Server.start(); var other = Server.on(one.postgres(), one.clickHouse(), Map.of())) { … }
/// ```
///
/// Blocks; for ordinary threads.
public final class Server implements AutoCloseable {

  /// The administrator's API token of every such server.
  public static final String TOKEN = "sat_of-a-test-server-0123456789abcdefghijkl";

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  // Every start of an application sets Logback up again, for the whole JVM, and two that do so at
  // once fail. Here Logback is set up once, by logback-test.xml.
  static {
    System.setProperty(LoggingSystem.SYSTEM_PROPERTY, LoggingSystem.NONE);
  }

  private final ConfigurableApplicationContext context;
  private final Path folder;
  private final String postgres;
  private final String clickHouse;

  private Server(
      ConfigurableApplicationContext context, Path folder, String postgres, String clickHouse) {
    this.context = context;
    this.folder = folder;
    this.postgres = postgres;
    this.clickHouse = clickHouse;
  }

  /// A server on new empty databases of the shared stores.
  public static Server start() {
    return start(Map.of());
  }

  /// The same with settings.
  ///
  /// @param settings environment variables (`STITCHD_SAFETY_POLL`); they win over this class's own
  public static Server start(Map<String, String> settings) {
    return start(settings, null);
  }

  /// The same with something that looks at its beans as they are made.
  public static Server start(Map<String, String> settings, @Nullable BeanPostProcessor looker) {
    var stores = Stores.shared();
    var server =
        on(
            settings.containsKey("STITCHD_POSTGRES_URL")
                ? settings.get("STITCHD_POSTGRES_URL")
                : stores.freshPostgres().url(),
            settings.containsKey("STITCHD_CLICKHOUSE_URL")
                ? settings.get("STITCHD_CLICKHOUSE_URL")
                : stores.freshClickHouse().url(),
            settings,
            looker);
    if (!settings.containsKey("STITCHD_CLICKHOUSE_URL")) {
      server.awaitClickHouse();
    }
    return server;
  }

  /// A server serves before ClickHouse has its schema; most tests ask about events at once, and an
  /// event that is acknowledged before that is in the spool.
  private void awaitClickHouse() {
    var warehouse = context.getBean(WarehouseHealth.class);
    var deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!warehouse.isUp()) {
      if (System.nanoTime() > deadline) {
        stop();
        throw new IllegalStateException("ClickHouse has no schema after " + PATIENCE);
      }
      LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
    }
  }

  /// A server on given databases.
  public static Server on(String postgres, String clickHouse, Map<String, String> settings) {
    return on(postgres, clickHouse, settings, null);
  }

  private static Server on(
      String postgres,
      String clickHouse,
      Map<String, String> settings,
      @Nullable BeanPostProcessor looker) {
    var folder = OwnFolders.temporary("server");
    var variables = new HashMap<String, Object>();
    variables.put("STITCHD_POSTGRES_URL", postgres);
    variables.put("STITCHD_CLICKHOUSE_URL", clickHouse);
    variables.put("STITCHD_BOOTSTRAP_TOKEN", TOKEN);
    variables.put("STITCHD_HTTP_ADDRESS", "127.0.0.1");
    variables.put("STITCHD_HTTP_PORT", "0");
    variables.put("STITCHD_GRPC_ADDRESS", "127.0.0.1");
    variables.put("STITCHD_GRPC_PORT", "0");
    variables.put("STITCHD_DATA_DIR", folder.toString());
    variables.put("STITCHD_DRAIN", "PT1S");
    variables.put("STITCHD_WARMUP_TIME", "0s");
    variables.putAll(settings);
    try {
      var context = LogLines.startedBy(folder, () -> run(variables, looker));
      return new Server(context, folder, postgres, clickHouse);
    } catch (RuntimeException e) {
      Machine.delete(folder);
      throw e;
    }
  }

  /// Runs the application with variables as if they were in the process's environment.
  static ConfigurableApplicationContext run(Map<String, Object> variables) {
    return run(variables, null);
  }

  private static ConfigurableApplicationContext run(
      Map<String, Object> variables, @Nullable BeanPostProcessor looker) {
    var application = new SpringApplication(StitchdApplication.class);
    application.setMainApplicationClass(StitchdApplication.class);
    application.addInitializers(
        // The name makes the framework read it as an environment: STITCHD_DATA_DIR =
        // stitchd.data-dir.
        context ->
            context
                .getEnvironment()
                .getPropertySources()
                .addFirst(
                    new SystemEnvironmentPropertySource("given-systemEnvironment", variables)));
    application.addInitializers(Server::ownEventLoops);
    if (looker != null) {
      application.addInitializers(context -> context.getBeanFactory().addBeanPostProcessor(looker));
    }
    return application.run();
  }

  /// A server that stops takes its event loops with it, and must not take those of others in this
  /// JVM.
  private static void ownEventLoops(ConfigurableApplicationContext context) {
    ((GenericApplicationContext) context)
        .registerBean(
            ReactorResourceFactory.class,
            () -> {
              var resources = new ReactorResourceFactory();
              resources.setUseGlobalResources(false);
              // nobody sends anything any more, which the default would wait for two seconds to see
              resources.setShutdownQuietPeriod(Duration.ZERO);
              return resources;
            });
  }

  /// A port for a server that is started again where it was.
  public static int freePort() {
    return EngineProcess.freePort();
  }

  public int port() {
    return Integer.parseInt(context.getEnvironment().getRequiredProperty("local.server.port"));
  }

  /// Where it speaks gRPC.
  public int grpcPort() {
    return bean(GrpcServer.class).port();
  }

  /// `http://127.0.0.1:port`, or `https` if it was given a certificate.
  public String url() {
    var tls = context.getEnvironment().containsProperty("stitchd.tls.certificate");
    return (tls ? "https" : "http") + "://127.0.0.1:" + port();
  }

  public Admin admin() {
    return Admin.at(url(), TOKEN);
  }

  /// The same by a client that trusts the server's certificate.
  public Admin admin(java.net.http.HttpClient client) {
    return Admin.at(url(), TOKEN, client);
  }

  public Http http() {
    return Http.at(url());
  }

  /// A stream of changes for an SDK key.
  public SseClient stream(String sdkKey, String... headers) {
    var all = new java.util.ArrayList<>(java.util.List.of("Authorization", "Bearer " + sdkKey));
    all.addAll(java.util.List.of(headers));
    return SseClient.open(url() + "/sdk/v1/stream", all.toArray(String[]::new));
  }

  /// Which no other server has.
  Path folder() {
    return folder;
  }

  /// URL of its PostgreSQL database.
  public String postgres() {
    return postgres;
  }

  /// URL of its ClickHouse database.
  public String clickHouse() {
    return clickHouse;
  }

  /// A bean, for tests of one room that need the rest of the server around it.
  public <T> T bean(Class<T> type) {
    return context.getBean(type);
  }

  /// Everything it is made of, for tests that look at several beans of a type.
  public ConfigurableApplicationContext context() {
    return context;
  }

  /// Shuts it down in order, as SIGTERM does; returns when it is gone.
  public void stop() {
    context.close();
    Machine.delete(folder);
  }

  @Override
  public void close() {
    stop();
  }
}
