-- An event is one row in every answer, also when it was sent again with another time, variant or unit: the first received wins. What
-- two sendings certainly share is the id, so a row also says in which hour its id lies: the own time of a version 7 UUID, as long as
-- it is within 8 days of `at`, else `at`. Both columns follow from the others and cost next to nothing; an insert never names them, and
-- rows that came before them have them too. Each statement may run again.

ALTER TABLE evaluation_events
    ADD COLUMN IF NOT EXISTS id_timed Bool
        MATERIALIZED bitAnd(bitShiftRight(reinterpretAsUInt64(id), 12), 15) = 7
            AND abs(toInt64(bitShiftRight(reinterpretAsUInt64(id), 16)) - toUnixTimestamp64Milli(at)) <= 691200000
        COMMENT 'whether the id says itself where it lies',
    ADD COLUMN IF NOT EXISTS id_hour DateTime('UTC')
        MATERIALIZED toStartOfHour(if(id_timed, toDateTime(intDiv(bitShiftRight(reinterpretAsUInt64(id), 16), 1000), 'UTC'), toDateTime(at, 'UTC')))
        COMMENT 'the hour in which the id lies' CODEC (Delta, ZSTD(1)),
    ADD INDEX IF NOT EXISTS id_hours id_hour TYPE minmax GRANULARITY 1,
    ADD INDEX IF NOT EXISTS timed_ids id_timed TYPE minmax GRANULARITY 1;

-- The new projection has each answer of the one that goes. What is there already gets index and projection in the background; answers
-- are the same before that is done.

ALTER TABLE evaluation_events
    DROP PROJECTION IF EXISTS hours,
    ADD PROJECTION IF NOT EXISTS id_hours
    (
        SELECT environment_id, flag, variant, id_hour, toStartOfHour(at), id_timed, count(), max(at)
        GROUP BY environment_id, flag, variant, id_hour, toStartOfHour(at), id_timed
    );

ALTER TABLE evaluation_events MATERIALIZE INDEX id_hours, MATERIALIZE INDEX timed_ids, MATERIALIZE PROJECTION id_hours;

ALTER TABLE flag_counts
    ADD COLUMN IF NOT EXISTS id_timed Bool
        MATERIALIZED bitAnd(bitShiftRight(reinterpretAsUInt64(id), 12), 15) = 7
            AND abs(toInt64(bitShiftRight(reinterpretAsUInt64(id), 16)) - toUnixTimestamp64Milli(at)) <= 691200000
        COMMENT 'whether the id says itself where it lies',
    ADD COLUMN IF NOT EXISTS id_hour DateTime('UTC')
        MATERIALIZED toStartOfHour(if(id_timed, toDateTime(intDiv(bitShiftRight(reinterpretAsUInt64(id), 16), 1000), 'UTC'), toDateTime(at, 'UTC')))
        COMMENT 'the hour in which the id lies' CODEC (Delta, ZSTD(1)),
    ADD INDEX IF NOT EXISTS id_hours id_hour TYPE minmax GRANULARITY 1,
    ADD INDEX IF NOT EXISTS timed_ids id_timed TYPE minmax GRANULARITY 1;

ALTER TABLE flag_counts
    DROP PROJECTION IF EXISTS hours,
    ADD PROJECTION IF NOT EXISTS id_hours
    (
        SELECT environment_id, flag, variant, id_hour, toStartOfHour(at), id_timed, count(), max(at)
        GROUP BY environment_id, flag, variant, id_hour, toStartOfHour(at), id_timed
    );

ALTER TABLE flag_counts MATERIALIZE INDEX id_hours, MATERIALIZE INDEX timed_ids, MATERIALIZE PROJECTION id_hours;

ALTER TABLE track_events
    ADD COLUMN IF NOT EXISTS id_timed Bool
        MATERIALIZED bitAnd(bitShiftRight(reinterpretAsUInt64(id), 12), 15) = 7
            AND abs(toInt64(bitShiftRight(reinterpretAsUInt64(id), 16)) - toUnixTimestamp64Milli(at)) <= 691200000
        COMMENT 'whether the id says itself where it lies',
    ADD COLUMN IF NOT EXISTS id_hour DateTime('UTC')
        MATERIALIZED toStartOfHour(if(id_timed, toDateTime(intDiv(bitShiftRight(reinterpretAsUInt64(id), 16), 1000), 'UTC'), toDateTime(at, 'UTC')))
        COMMENT 'the hour in which the id lies' CODEC (Delta, ZSTD(1)),
    ADD INDEX IF NOT EXISTS id_hours id_hour TYPE minmax GRANULARITY 1,
    ADD INDEX IF NOT EXISTS timed_ids id_timed TYPE minmax GRANULARITY 1;

ALTER TABLE track_events
    DROP PROJECTION IF EXISTS hours,
    ADD PROJECTION IF NOT EXISTS id_hours
    (
        SELECT environment_id, event, id_hour, toStartOfHour(at), id_timed, count(), max(at)
        GROUP BY environment_id, event, id_hour, toStartOfHour(at), id_timed
    );

ALTER TABLE track_events MATERIALIZE INDEX id_hours, MATERIALIZE INDEX timed_ids, MATERIALIZE PROJECTION id_hours;

-- A rollup is now one of the events whose ids lie in its hour, and says in which hours they were. What earlier versions made has the
-- same hour throughout.
ALTER TABLE evaluation_rollups
    ADD COLUMN IF NOT EXISTS hours Array(DateTime('UTC')) MATERIALIZED arrayMap(variant -> hour, variants)
        COMMENT 'in which each of the counts was, by the time of the events' CODEC (ZSTD(1)),
    ADD COLUMN IF NOT EXISTS computed_again UInt64 MATERIALIZED 0
        COMMENT 'how often it was computed again from as many events, for the sake of a row in another hour' CODEC (ZSTD(1));

-- What earlier versions made of events that are all still here was by the events' hours, and is made again by those of ids. An hour that
-- has lost events, which expire part by part, keeps its rollup: nothing else knows of them.
DELETE FROM evaluation_rollups
WHERE kind = 'evaluation' AND (environment_id, flag, hour) IN
(
    SELECT made.environment_id, made.flag, made.hour
    FROM evaluation_rollups AS made
    INNER JOIN (SELECT environment_id, flag, toStartOfHour(at) AS hour, count() AS present FROM evaluation_events GROUP BY environment_id, flag, hour) AS events
        ON events.environment_id = made.environment_id AND events.flag = made.flag AND events.hour = made.hour
    WHERE made.kind = 'evaluation' AND made.rows <= events.present
);

DELETE FROM evaluation_rollups
WHERE kind = 'count' AND (environment_id, flag, hour) IN
(
    SELECT made.environment_id, made.flag, made.hour
    FROM evaluation_rollups AS made
    INNER JOIN (SELECT environment_id, flag, toStartOfHour(at) AS hour, count() AS present FROM flag_counts GROUP BY environment_id, flag, hour) AS events
        ON events.environment_id = made.environment_id AND events.flag = made.flag AND events.hour = made.hour
    WHERE made.kind = 'count' AND made.rows <= events.present
);
