-- Rollups go too, long after their events: as whole parts, never rewritten. Their TTL is a setting (STITCHD_WAREHOUSE_ROLLUPS_TTL) and is
-- put on at start.
ALTER TABLE evaluation_rollups MODIFY SETTING ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;
