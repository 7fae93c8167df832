-- What can't be read, and whatever comes later in the same stream.
INSERT INTO raw.parked
SELECT position, stream_id, why, now() AT TIME ZONE 'UTC'
FROM (
    SELECT
        position, stream_id,
        CASE
            WHEN fault IS NOT NULL THEN fault
            WHEN stream_id IN (SELECT stream_id FROM raw.parked)
                OR count(fault) OVER (PARTITION BY stream_id ORDER BY position) > 0
                THEN 'waits for an earlier event of its stream'
        END AS why
    FROM staged
    WHERE
        stream_id IN (SELECT stream_id FROM raw.parked)
        OR stream_id IN (SELECT stream_id FROM staged WHERE fault IS NOT NULL)
)
WHERE why IS NOT NULL;
