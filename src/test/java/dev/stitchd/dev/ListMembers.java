package dev.stitchd.dev;

import java.util.Arrays;
import java.util.stream.Collectors;

/// Members of lists, written straight into a server's PostgreSQL, past everything that the server
/// does to announce them. Blocks; for ordinary threads.
public final class ListMembers {

  private final Server server;
  private final String project;
  private final String environment;

  private ListMembers(Server server, String project, String environment) {
    this.server = server;
    this.project = project;
    this.environment = environment;
  }

  public static ListMembers of(Server server, String project, String environment) {
    return new ListMembers(server, project, environment);
  }

  /// Adds keys to the list of a segment, and publishes the segment with its list.
  public ListMembers include(String segment, String... keys) {
    return add(segment, true, keys);
  }

  /// Adds keys to the exclusions of a segment, and publishes the segment with its list.
  public ListMembers exclude(String segment, String... keys) {
    return add(segment, false, keys);
  }

  /// Takes a key from both lists, and tells nobody.
  public void forget(String segment, String key) {
    query(
        "DELETE FROM segment_list_members m USING segment_lists l WHERE m.generation = l.generation AND l.segment_key = '%s' AND m.context_key = '%s'"
            .formatted(segment, key));
  }

  /// Makes another, empty generation the list, and tells nobody.
  public void flip(String segment) {
    query(
        """
        WITH made AS (
          INSERT INTO segment_generations (tenant_id, environment_id, segment_id)
          SELECT tenant_id, environment_id, segment_id FROM segment_lists WHERE segment_key = '%1$s'
          RETURNING segment_id, generation)
        UPDATE segment_lists l SET generation = made.generation, version = version + 1
          FROM made WHERE l.segment_id = made.segment_id\
        """
            .formatted(segment));
  }

  private ListMembers add(String segment, boolean included, String... keys) {
    var list = Arrays.stream(keys).map(key -> "'" + key + "'").collect(Collectors.joining(","));
    query(
        """
        INSERT INTO segment_list_members (tenant_id, generation, included, context_key)
        SELECT l.tenant_id, l.generation, %s, unnest(ARRAY[%s]) FROM segment_lists l
          JOIN environments e ON e.id = l.environment_id
          JOIN projects p ON p.id = e.project_id
         WHERE l.segment_key = '%s' AND e.key = '%s' AND p.key = '%s'\
        """
            .formatted(included, list, segment, environment, project));
    query("UPDATE segment_lists SET version = version + 1 WHERE segment_key = '" + segment + "'");
    var answer =
        server
            .admin()
            .send(
                "PATCH",
                "/projects/%s/environments/%s/segments/%s".formatted(project, environment, segment),
                "{\"description\":\"" + System.nanoTime() + "\"}");
    if (answer.status() != 200) {
      throw new AssertionError(answer.body());
    }
    return this;
  }

  private void query(String sql) {
    var _ = StoreUrl.of(server.postgres()).query(sql);
  }
}
