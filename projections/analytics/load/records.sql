-- Events handed over as one JSON document.
INSERT INTO raw.events
SELECT
    position, stream_id, stream_type, version, type, data::JSON,
    try_cast(metadata ->> 'actor' AS UUID), try_cast(metadata ->> 'correlation_id' AS UUID),
    metadata ->> 'command', recorded_at
FROM (
    SELECT unnest(
        from_json($records, '[{
            "position": "BIGINT", "stream_id": "UUID", "stream_type": "VARCHAR",
            "version": "BIGINT", "type": "VARCHAR", "data": "VARCHAR", "metadata": "VARCHAR",
            "recorded_at": "TIMESTAMP"
        }]'),
        recursive := true
    )
);
