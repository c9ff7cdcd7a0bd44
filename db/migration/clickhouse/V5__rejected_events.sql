-- What was rejected lately, for whoever watches events live. A sample: each node writes a few a second and leaves out the rest, so
-- nothing is counted from here.

CREATE TABLE IF NOT EXISTS rejected_events
(
    environment_id UUID,
    received_at    DateTime64(3, 'UTC') CODEC (Delta, ZSTD(1)),
    id             String COMMENT 'as it was sent; empty: none' CODEC (ZSTD(1)),
    code           LowCardinality(String),
    detail         String CODEC (ZSTD(1)),
    node           LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY toDate(received_at)
ORDER BY (environment_id, received_at)
TTL toDateTime(received_at) + INTERVAL 1 DAY DELETE
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 100;

-- The newest events are asked for by the time they arrived, and tables are ordered by the time they happened.

ALTER TABLE evaluation_events
    ADD INDEX IF NOT EXISTS received received_at TYPE minmax GRANULARITY 1;

ALTER TABLE flag_counts
    ADD INDEX IF NOT EXISTS received received_at TYPE minmax GRANULARITY 1;

ALTER TABLE track_events
    ADD INDEX IF NOT EXISTS received received_at TYPE minmax GRANULARITY 1;
