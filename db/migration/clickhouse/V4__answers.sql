-- What other answers need; each statement may run again.

-- Old events go as whole parts and are never rewritten; their TTL is a setting (STITCHD_WAREHOUSE_EVENTS_TTL) and is put on at start.
ALTER TABLE evaluation_events MODIFY SETTING ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

ALTER TABLE track_events MODIFY SETTING ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

ALTER TABLE flag_counts MODIFY SETTING ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

-- How many events each hour has, as for evaluations: exports are cut by it.
ALTER TABLE track_events
    ADD PROJECTION IF NOT EXISTS hours
    (
        SELECT environment_id, event, toStartOfHour(at), count(), max(at)
        GROUP BY environment_id, event, toStartOfHour(at)
    );

ALTER TABLE track_events MATERIALIZE PROJECTION hours;

-- The last evaluations of one context, without reading everybody's.
ALTER TABLE evaluation_events ADD INDEX IF NOT EXISTS contexts context_key TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE evaluation_events MATERIALIZE INDEX contexts;
