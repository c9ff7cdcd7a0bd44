-- What people did, and what contexts looked like. As in V1: one row per event, identity is (environment_id, id), the same event may
-- be here twice, answers are computed from id-deduplicated rows; each statement may run again.
--
-- attributes are samples for people to choose from: dotted paths to text, at most 50 of each event, nothing private (it never gets
-- this far). Strings are as they were, everything else is JSON: 7, true, ["a","b"].

CREATE TABLE IF NOT EXISTS track_events
(
    environment_id UUID,
    event          LowCardinality(String),
    value          Nullable(Float64) COMMENT 'null: the event has none' CODEC (ZSTD(1)),
    properties     String COMMENT 'an object as compact JSON' CODEC (ZSTD(1)),
    context_type   LowCardinality(String),
    context_key    String COMMENT 'empty: nobody known' CODEC (ZSTD(1)),
    attributes     Map(LowCardinality(String), String) CODEC (ZSTD(1)),
    at             DateTime64(3, 'UTC') CODEC (Delta, ZSTD(1)),
    id             UUID CODEC (ZSTD(1)),
    source         Enum8('server_sdk' = 1, 'client_sdk' = 2, 'stitchd' = 3),
    received_at    DateTime64(3, 'UTC') CODEC (Delta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (environment_id, event, at)
SETTINGS non_replicated_deduplication_window = 10000;

ALTER TABLE evaluation_events
    ADD COLUMN IF NOT EXISTS attributes Map(LowCardinality(String), String) CODEC (ZSTD(1)) AFTER context_key;
