-- Files of people on their way in. What became of whom stands in the log; here is what an import
-- needs until it is over, and its report.

CREATE SCHEMA provisioning;

CREATE TABLE provisioning.imports (
    id         uuid        PRIMARY KEY,
    dry_run    boolean     NOT NULL,
    content    text,                        -- personal data: null as soon as the import is over
    rows       integer     NOT NULL,
    state      text        NOT NULL DEFAULT 'waiting'
               CHECK (state IN ('waiting', 'running', 'finished', 'failed')),
    created_by uuid,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    ended_at   timestamptz
);

CREATE INDEX imports_by_age ON provisioning.imports (created_at, id);
CREATE INDEX imports_to_do ON provisioning.imports (created_at) WHERE state IN ('waiting', 'running');

-- One for each person in a file, by the line it begins at; written with what was done.
CREATE TABLE provisioning.import_rows (
    import_id  uuid    NOT NULL REFERENCES provisioning.imports ON DELETE CASCADE,
    line       integer NOT NULL,
    outcome    text    NOT NULL CHECK (outcome IN ('created', 'updated', 'unchanged', 'refused')),
    learner_id uuid,
    faults     jsonb   NOT NULL DEFAULT '[]',   -- [{"field", "detail"}], without what was given
    PRIMARY KEY (import_id, line)
);

GRANT USAGE ON SCHEMA provisioning TO lms_write, lms_read;
GRANT SELECT, INSERT, UPDATE ON provisioning.imports TO lms_write;
GRANT SELECT, INSERT, DELETE ON provisioning.import_rows TO lms_write;
GRANT SELECT (id, dry_run, rows, state, created_by, created_at, started_at, ended_at)
    ON provisioning.imports TO lms_read;
GRANT SELECT ON provisioning.import_rows TO lms_read;

-- The write API answers SCIM clients when what they wrote can be read.
GRANT USAGE ON SCHEMA projections TO lms_write;
GRANT SELECT ON projections.position TO lms_write;
