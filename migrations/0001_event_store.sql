-- The append-only log, and what is written in the same transaction as it.

CREATE SCHEMA event_store;

-- One row. `epoch` is added to transaction ids, so that positions still grow after a dump was
-- restored into a cluster whose transaction ids are lower.
CREATE TABLE event_store.log (
    epoch bigint NOT NULL,
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row)
);
INSERT INTO event_store.log (epoch) VALUES (0);

CREATE TABLE event_store.events (
    position    bigint      PRIMARY KEY,
    stream_id   uuid        NOT NULL,
    stream_type text        NOT NULL,
    version     bigint      NOT NULL,
    type        text        NOT NULL,
    data        json        NOT NULL,  -- not jsonb: the exact bytes are kept
    metadata    json        NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT events_stream_version UNIQUE (stream_id, version)
);

-- Rows are only ever inserted: vacuum has freezing to do and nothing to clean.
ALTER TABLE event_store.events SET (autovacuum_analyze_scale_factor = 0.02, fillfactor = 100);

CREATE TABLE event_store.snapshots (
    stream_id uuid        NOT NULL,
    version   bigint      NOT NULL,
    type      text        NOT NULL,
    state     json        NOT NULL,
    taken_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (stream_id, version)
);

-- The answer to a command that came with an Idempotency-Key.
CREATE TABLE event_store.idempotency (
    scope       text        NOT NULL,  -- who used the key: a person's id, a policy's name
    key         text        NOT NULL,
    fingerprint bytea       NOT NULL,  -- of the command, to find a key used for something else
    id          uuid        NOT NULL,  -- what was written: a stream, or a part of one
    version     bigint      NOT NULL,
    position    bigint      NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_key PRIMARY KEY (scope, key)
);

-- The keys under which personal data is sealed; NULL once destroyed.
CREATE TABLE event_store.personal_keys (
    person_id    uuid        PRIMARY KEY,
    wrapped_key  bytea,
    created_at   timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    CHECK ((wrapped_key IS NULL) = (destroyed_at IS NOT NULL))
);

GRANT USAGE ON SCHEMA event_store TO lms_write, lms_read, lms_project;
GRANT SELECT ON ALL TABLES IN SCHEMA event_store TO lms_write;
GRANT SELECT ON event_store.log, event_store.events, event_store.personal_keys
    TO lms_read, lms_project;
GRANT INSERT ON event_store.events, event_store.snapshots, event_store.idempotency,
    event_store.personal_keys TO lms_write;
