package dev.stitchd.postgres;

import dev.stitchd.kernel.StartFailure;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import org.flywaydb.core.api.FlywayException;
import reactor.core.publisher.Mono;

/// What PostgreSQL says about the role of a connection.
final class RoleRows {

  /// By which row-level security of every table asks.
  static final String CHECK =
      """
      SELECT current_user::text AS role, rolsuper OR rolbypassrls AS unbound,
             current_setting('stitchd.connection', true) IS NOT NULL AS marked
        FROM pg_roles WHERE rolname = current_user
      """;

  /// Lets the owner of the tables see their rows, as it must to bring the schema up to date.
  static final String OWNER = "SET stitchd.owner = 'on'";

  private static final String RIGHTS = "SELECT stitchd_rights_of_older_nodes(?)";

  /// No right to take a role, and no such role.
  private static final Set<String> NOT_THERE = Set.of("42501", "22023", "42704");

  /// @param unbound whether row-level security does not apply to it
  /// @param marked whether PostgreSQL was told what the connection is for when it opened it
  record Found(String role, boolean unbound, boolean marked) {

    boolean isBound(String wanted) {
      return role.equals(wanted) && !unbound;
    }

    String problem(String wanted) {
      return unbound
          ? "row-level security does not apply to the role "
              + role
              + ", so tenants would not be kept apart; ALTER ROLE "
              + role
              + " NOSUPERUSER NOBYPASSRLS"
          : "PostgreSQL gives the role "
              + role
              + " and not "
              + wanted
              + ", to which row-level security applies";
    }
  }

  private RoleRows() {}

  /// Takes each role once, as every transaction will. Blocks.
  ///
  /// @throws FlywayException if PostgreSQL does not answer, as while its schema is brought up to
  ///   date
  /// @throws StartFailure if a role cannot be had, or would see the rows of all tenants
  static void mustBeHad(PostgresAddress address, DatabaseRole... roles) {
    try (var connection =
            DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
        var statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (var role : roles) {
        mustBeHad(statement, role, address);
        connection.rollback();
      }
    } catch (SQLException e) {
      throw new FlywayException("the roles could not be asked for", e);
    }
  }

  /// Sees that the SDK plane's role reads nothing but by functions, unless older nodes need more.
  /// Blocks.
  ///
  /// @param owner as whom the schema is brought up to date
  /// @return whether that was otherwise before
  /// @throws FlywayException if PostgreSQL does not answer
  static boolean rightsOfOlderNodes(PostgresAddress owner, boolean wanted) {
    try (var connection =
            DriverManager.getConnection(owner.jdbcUrl(), owner.user(), owner.password());
        var statement = connection.prepareStatement(RIGHTS)) {
      statement.setBoolean(1, wanted);
      try (var changed = statement.executeQuery()) {
        return changed.next() && changed.getBoolean(1);
      }
    } catch (SQLException e) {
      throw new FlywayException("the rights of the SDK plane could not be set", e);
    }
  }

  private static void mustBeHad(Statement statement, DatabaseRole role, PostgresAddress address)
      throws SQLException {
    try {
      statement.execute("SET LOCAL ROLE " + role.name());
    } catch (SQLException e) {
      if (NOT_THERE.contains(String.valueOf(e.getSQLState()))) {
        throw refused(
            address,
            "its user may not take the role "
                + role.name()
                + "; GRANT "
                + role.name()
                + " TO "
                + address.user());
      }
      throw e;
    }
    try (var found = statement.executeQuery(CHECK)) {
      found.next();
      var is = new Found(found.getString("role"), found.getBoolean("unbound"), false);
      if (!is.isBound(role.name())) {
        throw refused(address, is.problem(role.name()));
      }
    }
  }

  private static StartFailure refused(PostgresAddress address, String why) {
    return new StartFailure(
        "PostgreSQL at "
            + address
            + " does not keep tenants apart by row-level security: "
            + why
            + ".",
        null);
  }

  static Mono<Found> check(Session session) {
    return session.one(
        CHECK,
        row ->
            new Found(
                Columns.text(row, "role"),
                Columns.bool(row, "unbound"),
                Columns.bool(row, "marked")));
  }
}
