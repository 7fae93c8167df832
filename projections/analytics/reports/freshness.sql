-- `age_seconds`: since the last event that is in the figures was recorded.
SELECT
    position, event_at, loaded_at,
    (SELECT count(*) FROM raw.parked) AS parked,
    date_diff('millisecond', event_at, now() AT TIME ZONE 'UTC') / 1000 AS age_seconds
FROM raw.state;
