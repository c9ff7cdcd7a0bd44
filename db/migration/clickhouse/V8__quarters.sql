-- A rollup says of each count in which quarter of an hour (of UTC) it was, where it said the hour before: days of a time zone that is
-- away from UTC by halves or quarters of an hour begin within hours. And it says who was met: of few users which they are, of many a
-- sketch, so that hours can be added up. What earlier versions make, in a rolling upgrade too, does not know (units_known), and is made
-- again as long as all its events are here; what knows of more than there is keeps its hours, and those count for the day in which they
-- begin. Each statement may run again.

ALTER TABLE evaluation_events
    ADD COLUMN IF NOT EXISTS unit UInt64 ALIAS sipHash64(context_type, context_key)
        COMMENT 'stands for type and key wherever different ones are counted';

ALTER TABLE track_events
    ADD COLUMN IF NOT EXISTS unit UInt64 ALIAS sipHash64(context_type, context_key)
        COMMENT 'stands for type and key wherever different ones are counted';

ALTER TABLE evaluation_rollups
    COMMENT COLUMN hours 'the quarter of an hour in which each of the counts was, by the time of the events',
    ADD COLUMN IF NOT EXISTS units_known Bool MATERIALIZED false
        COMMENT 'whether a version made it that computes the columns that follow, and quarters of hours',
    ADD COLUMN IF NOT EXISTS exposed Array(LowCardinality(String)) MATERIALIZED []
        COMMENT 'variants that somebody known was given; once for each hour, as the four columns that follow' CODEC (ZSTD(1)),
    ADD COLUMN IF NOT EXISTS exposed_hours Array(DateTime('UTC')) MATERIALIZED []
        COMMENT 'in which hour, by the time of the events' CODEC (ZSTD(1)),
    ADD COLUMN IF NOT EXISTS exposures Array(Int64) MATERIALIZED []
        COMMENT 'by how many evaluations' CODEC (ZSTD(1)),
    ADD COLUMN IF NOT EXISTS units Array(Array(UInt64)) MATERIALIZED []
        COMMENT 'who they were; empty where they were too many' CODEC (NONE),
    ADD COLUMN IF NOT EXISTS sketches Array(AggregateFunction(uniqCombined64(17), UInt64)) MATERIALIZED []
        COMMENT 'how many they were, where they were too many' CODEC (ZSTD(1));
