package dev.stitchd.dev;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.Wrapped;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.beans.factory.config.BeanPostProcessor;
import reactor.core.publisher.Mono;

/// Notes every statement that a server's pools are asked to make, by standing before them. Safe
/// from any thread.
///
/// ```
/// var statements = new Statements();
/// try (var server = Server.start(Statements.QUIET, statements)) {
///   statements.during(() -> …);
/// }
/// ```
public final class Statements implements BeanPostProcessor {

  /// Settings under which a server that nobody asks anything makes no statements either, for an
  /// hour.
  public static final Map<String, String> QUIET =
      Map.of(
          "STITCHD_SAFETY_POLL", "PT1H",
          "STITCHD_CHANGEFEED_KEEP_ALIVE", "PT1H",
          "STITCHD_LISTS_ANNOUNCE_CHECK", "PT1H",
          "STITCHD_LISTS_ASKED_CHECK", "PT1H",
          "STITCHD_LISTS_REMOVAL_CHECK", "PT1H",
          "STITCHD_DELETIONS_CHECK", "PT1H",
          "STITCHD_ERASURES_CHECK", "PT1H");

  private static final Set<String> POOLS = Set.of("reader", "management");

  private final List<String> made = new CopyOnWriteArrayList<>();

  /// The statements made while something runs.
  public List<String> during(Runnable work) {
    int before = made.size();
    work.run();
    return made.stream().skip(before).toList();
  }

  @Override
  public Object postProcessAfterInitialization(Object bean, String name) {
    return bean instanceof ConnectionFactory pool && POOLS.contains(name) ? noting(pool) : bean;
  }

  private ConnectionFactory noting(ConnectionFactory pool) {
    return new ConnectionFactory() {
      @Override
      public Mono<Connection> create() {
        return Mono.from(pool.create()).map(Statements.this::noting);
      }

      @Override
      public ConnectionFactoryMetadata getMetadata() {
        return pool.getMetadata();
      }
    };
  }

  private Connection noting(Connection connection) {
    return (Connection)
        Proxy.newProxyInstance(
            Statements.class.getClassLoader(),
            new Class<?>[] {Connection.class, Wrapped.class},
            (_, method, arguments) -> {
              if (method.getName().equals("createStatement")) {
                made.add((String) arguments[0]);
              }
              try {
                return method.invoke(connection, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
