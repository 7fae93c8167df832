UPDATE raw.state SET
    position = $position,
    event_at = coalesce(
        (
            SELECT max(recorded_at) FROM raw.events
            WHERE position > (SELECT position FROM raw.state)
        ),
        event_at
    ),
    loaded_at = now() AT TIME ZONE 'UTC';
