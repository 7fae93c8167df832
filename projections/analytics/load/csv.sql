-- Events as COPY … TO STDOUT (FORMAT csv) wrote them: rows of event_store.events, times in UTC.
INSERT INTO raw.events
SELECT
    position, stream_id, stream_type, version, type, data,
    try_cast(field.actor AS UUID), try_cast(field.correlation_id AS UUID), field.command,
    recorded_at
FROM (
    SELECT
        * EXCLUDE metadata,
        json_transform(
            metadata, '{"actor": "VARCHAR", "correlation_id": "VARCHAR", "command": "VARCHAR"}'
        ) AS field
    FROM read_csv(
        $path,
        auto_detect = false, header = false, delim = ',', quote = '"', escape = '"',
        max_line_size = 4000000, buffer_size = 8000000,
        columns = {
            'position': 'BIGINT', 'stream_id': 'UUID', 'stream_type': 'VARCHAR',
            'version': 'BIGINT', 'type': 'VARCHAR', 'data': 'JSON', 'metadata': 'JSON',
            'recorded_at': 'TIMESTAMP'
        }
    )
);
