-- What can't be read, and whatever comes later in the same stream.
INSERT INTO raw.parked
WITH blocked AS (
    SELECT stream_id, min(position) AS since
    FROM (
        SELECT stream_id, position FROM raw.parked
        UNION ALL
        SELECT stream_id, position FROM staged WHERE fault IS NOT NULL
    )
    GROUP BY stream_id
)

SELECT
    staged.position, stream_id,
    coalesce(staged.fault, 'waits for an earlier event of its stream'),
    now() AT TIME ZONE 'UTC'
FROM staged
JOIN blocked USING (stream_id)
WHERE staged.position > blocked.since OR staged.fault IS NOT NULL;
