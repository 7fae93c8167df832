-- The log as analysts may see it: who, what and when, without addresses; personal fields stay sealed.
CREATE SCHEMA raw;

CREATE TABLE raw.events (
    position       BIGINT    NOT NULL,
    stream_id      UUID      NOT NULL,
    stream_type    VARCHAR   NOT NULL,
    version        BIGINT    NOT NULL,
    type           VARCHAR   NOT NULL,
    data           JSON      NOT NULL USING COMPRESSION zstd,
    actor          UUID,
    correlation_id UUID,
    command        VARCHAR,
    recorded_at    TIMESTAMP NOT NULL
);

-- Events that are in raw.events but not in the star, because they or an earlier one of their
-- stream could not be read.
CREATE TABLE raw.parked (
    position  BIGINT    NOT NULL,
    stream_id UUID      NOT NULL,
    error     VARCHAR   NOT NULL,
    parked_at TIMESTAMP NOT NULL
);

-- One row: how far the log has been loaded, and into which shape.
CREATE TABLE raw.state (
    schema_version INTEGER   NOT NULL,
    position       BIGINT    NOT NULL,
    event_at       TIMESTAMP,
    loaded_at      TIMESTAMP
);
