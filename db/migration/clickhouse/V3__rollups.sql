-- Evaluations of closed hours, computed from id-deduplicated events. One row says all of one flag's hour, so that it is there whole or
-- not at all, and it says how many events it was computed from (duplicates included). Events are only ever added, so of two rows for
-- the same hour the one from more events is the truer one, and an hour whose events outnumber its row's has been reopened: no clock
-- decides anything. Each statement may run again.

CREATE TABLE IF NOT EXISTS evaluation_rollups
(
    environment_id UUID,
    flag           LowCardinality(String),
    hour           DateTime('UTC') CODEC (Delta, ZSTD(1)),
    kind           Enum8('evaluation' = 1, 'count' = 2) COMMENT 'the table it was computed from',
    rows           UInt64 COMMENT 'events there were, duplicates included' CODEC (ZSTD(1)),
    variants       Array(LowCardinality(String)) CODEC (ZSTD(1)),
    counts         Array(Int64) COMMENT 'of each variant, from id-deduplicated events' CODEC (ZSTD(1))
)
ENGINE = ReplacingMergeTree(rows)
PARTITION BY toYYYYMM(hour)
ORDER BY (environment_id, flag, hour, kind);

-- How many events each hour has, kept inside each part: it is true the moment an insert is visible, and costs next to nothing to ask.
ALTER TABLE evaluation_events
    ADD PROJECTION IF NOT EXISTS hours
    (
        SELECT environment_id, flag, variant, toStartOfHour(at), count(), max(at)
        GROUP BY environment_id, flag, variant, toStartOfHour(at)
    );

ALTER TABLE flag_counts
    ADD PROJECTION IF NOT EXISTS hours
    (
        SELECT environment_id, flag, variant, toStartOfHour(at), count(), max(at)
        GROUP BY environment_id, flag, variant, toStartOfHour(at)
    );

-- For parts that are there already; runs in the background, and answers are the same before it is done.
ALTER TABLE evaluation_events MATERIALIZE PROJECTION hours;

ALTER TABLE flag_counts MATERIALIZE PROJECTION hours;
