-- What the SDK plane's role could read and write by itself before V19: the rows of all environments, told apart by nothing but the statements.
-- Each node that starts takes these rights away, unless it is told that older nodes still serve beside it, which have no other way. Rights
-- alone are changed, which waits for no session; the policies named of_sdk_plane are what such a node needs besides.

CREATE FUNCTION stitchd_rights_of_older_nodes(wanted boolean) RETURNS boolean
  LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
  PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('stitchd_rights_of_older_nodes', 0));
  IF pg_catalog.has_table_privilege('stitchd_reader', 'environment_items', 'SELECT') = wanted THEN
    RETURN false;
  END IF;
  IF wanted THEN
    GRANT SELECT ON environment_changes, environment_items, environment_revisions TO stitchd_reader;
    GRANT SELECT (tenant_id, id, project_id, key, settings, revision, access_version, identity, epoch, pruned), UPDATE (epoch)
      ON environments TO stitchd_reader;
    GRANT SELECT (tenant_id, id, environment_id, kind, hash, revoked_at) ON sdk_keys TO stitchd_reader;
    GRANT SELECT (tenant_id, environment_id, key, value_type, allowed_properties) ON event_definitions TO stitchd_reader;
    GRANT SELECT, INSERT, UPDATE ON event_quotas TO stitchd_reader;
    GRANT SELECT, INSERT, UPDATE, DELETE ON propagation_nodes, propagation_instances TO stitchd_reader;
    GRANT SELECT (tenant_id, environment_id, generation, version, published_version, published_at) ON segment_lists TO stitchd_reader;
    GRANT SELECT (tenant_id, generation, retired_at) ON segment_generations TO stitchd_reader;
    GRANT SELECT (tenant_id, id, generation, state, heartbeat_at) ON segment_imports TO stitchd_reader;
    GRANT SELECT (tenant_id, id, number, state, finished_at) ON deletions TO stitchd_reader;
  ELSE
    -- Rights to columns go with those to the table.
    REVOKE ALL ON environments, sdk_keys, environment_items, environment_changes, environment_revisions, event_definitions, event_quotas,
      propagation_nodes, propagation_instances, segment_lists, segment_generations, segment_imports, deletions FROM stitchd_reader;
  END IF;
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION stitchd_rights_of_older_nodes(boolean) FROM PUBLIC;
