package dev.stitchd.postgres;

import java.util.LinkedHashMap;
import java.util.Map;

/// A role that row-level security knows, and what PostgreSQL is told when a connection serves as
/// it.
///
/// @param settings names of PostgreSQL with their values
record DatabaseRole(String name, Map<String, String> settings) {

  /// Rows of the tenant that a transaction names.
  static final DatabaseRole MANAGEMENT = new DatabaseRole("stitchd_app", Map.of());

  /// The SDK plane's rights, and its plans. Its few statements look rows up by index, so each is
  /// planned once for all values: PostgreSQL otherwise plans one that takes lists again for every
  /// execution, which costs several times what the look-up does. Without sequential scans, since
  /// such a plan may have been made when the table was empty and be used when it has millions of
  /// rows. Nothing is compiled: that takes longer than any of them, at every execution, and a plan
  /// with a scan that has to be sequential looks dear enough for it.
  static final DatabaseRole READER =
      new DatabaseRole(
          "stitchd_reader",
          Map.of("plan_cache_mode", "force_generic_plan", "enable_seqscan", "off", "jit", "off"));

  DatabaseRole with(String setting, String value) {
    var all = new LinkedHashMap<>(settings);
    all.put(setting, value);
    return new DatabaseRole(name, all);
  }

  /// For the start of a connection that PostgreSQL itself opens. The mark comes back from
  /// PostgreSQL and from no pooler, which knows no such name.
  Map<String, String> startUp() {
    var all = new LinkedHashMap<>(settings);
    all.put("role", name);
    all.put("stitchd.connection", "direct");
    return all;
  }

  /// Begins a transaction that serves as the role. Names and values are this program's own.
  String begin() {
    var sql = new StringBuilder("BEGIN; SET LOCAL ROLE ").append(name);
    settings.forEach((setting, value) ->
        sql.append("; SET LOCAL ").append(setting).append(" = '").append(value).append('\''));
    return sql.toString();
  }
}
