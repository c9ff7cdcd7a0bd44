-- A rollup says of each count in which quarter of an hour (of UTC) it was, where it said the hour before: days of a time zone that is
-- away from UTC by halves or quarters of an hour begin within hours. What was made before of events that are all still here is made
-- again; what knows more than there is keeps its hours, and those count for the day in which they begin. Each statement may run again.

ALTER TABLE evaluation_rollups
    COMMENT COLUMN hours 'the quarter of an hour in which each of the counts was, by the time of the events';

DELETE FROM evaluation_rollups
WHERE kind = 'evaluation' AND (environment_id, flag, hour) IN
(
    SELECT made.environment_id, made.flag, made.hour
    FROM evaluation_rollups AS made
    INNER JOIN (SELECT environment_id, flag, id_hour AS hour, count() AS present FROM evaluation_events GROUP BY environment_id, flag, hour) AS events
        ON events.environment_id = made.environment_id AND events.flag = made.flag AND events.hour = made.hour
    WHERE made.kind = 'evaluation' AND made.rows <= events.present
);

DELETE FROM evaluation_rollups
WHERE kind = 'count' AND (environment_id, flag, hour) IN
(
    SELECT made.environment_id, made.flag, made.hour
    FROM evaluation_rollups AS made
    INNER JOIN (SELECT environment_id, flag, id_hour AS hour, count() AS present FROM flag_counts GROUP BY environment_id, flag, hour) AS events
        ON events.environment_id = made.environment_id AND events.flag = made.flag AND events.hour = made.hour
    WHERE made.kind = 'count' AND made.rows <= events.present
);
