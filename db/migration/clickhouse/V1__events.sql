-- One row per event. Identity is (environment_id, id), and the same event may be here twice (two batches, two nodes): every
-- answer is computed from id-deduplicated rows. DDL is not transactional here, so each statement may run again.
--
-- non_replicated_deduplication_window: a batch that is written again under its token is stored once, as long as fewer than
-- this many other batches came between; while ClickHouse is out none do.

CREATE TABLE IF NOT EXISTS evaluation_events
(
    environment_id UUID,
    flag           LowCardinality(String),
    variant        LowCardinality(String),
    rule_id        LowCardinality(String) COMMENT 'empty: no rule decided',
    reason         LowCardinality(String) COMMENT 'empty: not told',
    context_type   LowCardinality(String),
    context_key    String COMMENT 'empty: nobody known' CODEC (ZSTD(1)),
    at             DateTime64(3, 'UTC') CODEC (Delta, ZSTD(1)),
    id             UUID CODEC (ZSTD(1)),
    source         Enum8('server_sdk' = 1, 'client_sdk' = 2, 'stitchd' = 3),
    received_at    DateTime64(3, 'UTC') CODEC (Delta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (environment_id, flag, at)
SETTINGS non_replicated_deduplication_window = 10000;

-- Evaluations that were only counted, such as bulk evaluations: never exposures.
CREATE TABLE IF NOT EXISTS flag_counts
(
    environment_id UUID,
    flag           LowCardinality(String),
    variant        LowCardinality(String),
    count          Int64,
    at             DateTime64(3, 'UTC') CODEC (Delta, ZSTD(1)),
    id             UUID CODEC (ZSTD(1)),
    source         Enum8('server_sdk' = 1, 'client_sdk' = 2, 'stitchd' = 3),
    received_at    DateTime64(3, 'UTC') CODEC (Delta, ZSTD(1)),
    CONSTRAINT count_is_positive CHECK count > 0
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (environment_id, flag, at)
SETTINGS non_replicated_deduplication_window = 10000;
