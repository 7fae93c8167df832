-- How far each policy has reacted to the log, and the events it could not react to.

CREATE SCHEMA policies;

-- One row: where the log ended when policies were installed. The first policies to run start
-- there (on a new log at 0), whatever has been recorded since; one that is added to a system that
-- has run for a while starts at the end of the log: old history causes nothing new.
CREATE TABLE policies.installed (
    position bigint  NOT NULL,
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row)
);
INSERT INTO policies.installed (position)
SELECT coalesce(max(position), 0) FROM event_store.events;

CREATE TABLE policies.position (
    policy     text        PRIMARY KEY,
    position   bigint      NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

CREATE TABLE policies.parked (
    policy    text        NOT NULL,
    position  bigint      NOT NULL,
    stream_id uuid        NOT NULL,
    type      text        NOT NULL,
    error     text        NOT NULL,
    attempts  integer     NOT NULL DEFAULT 1,
    parked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (policy, position)
);

GRANT USAGE ON SCHEMA policies TO lms_write, lms_read;
GRANT SELECT ON policies.installed, policies.position, policies.parked TO lms_write, lms_read;
GRANT INSERT, UPDATE ON policies.position TO lms_write;
GRANT INSERT, UPDATE, DELETE ON policies.parked TO lms_write;
