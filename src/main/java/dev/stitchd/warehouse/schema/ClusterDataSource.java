package dev.stitchd.warehouse.schema;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.Statement;
import javax.sql.DataSource;

/// Hands Flyway's statements over as they are for a server of a cluster. Files and their checksums
/// stay those of a single server.
final class ClusterDataSource {

  private ClusterDataSource() {}

  static DataSource of(DataSource server, ClusterSchema schema) {
    return translating(DataSource.class, server, schema);
  }

  /// What JDBC's three steps to a statement give is translated as well.
  private static <T> T translating(Class<T> type, T target, ClusterSchema schema) {
    return type.cast(
        Proxy.newProxyInstance(
            ClusterDataSource.class.getClassLoader(),
            new Class<?>[] {type},
            (_, method, arguments) -> {
              var given = arguments == null ? new Object[0] : arguments.clone();
              if (type == Statement.class && given.length > 0 && given[0] instanceof String sql) {
                given[0] = schema.here(sql);
              }
              try {
                return switch (method.invoke(target, given)) {
                  case Connection one -> translating(Connection.class, one, schema);
                  case Statement one when method.getReturnType() == Statement.class ->
                      translating(Statement.class, one, schema);
                  case null -> null;
                  case Object other -> other;
                };
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }
}
