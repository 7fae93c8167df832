CREATE TABLE retention_policy (
    kind      text        NOT NULL,
    course_id uuid,                 -- NULL: for all courses that have none of their own
    days      integer     NOT NULL,
    basis     text        NOT NULL,
    set_at    timestamptz NOT NULL,
    UNIQUE NULLS NOT DISTINCT (kind, course_id)
);

CREATE TABLE legal_hold (
    id             uuid        PRIMARY KEY,
    kind           text        NOT NULL,
    subject_id     uuid        NOT NULL,
    reason         text        NOT NULL,
    placed_at      timestamptz NOT NULL,
    released_at    timestamptz,
    release_reason text
);

CREATE INDEX legal_hold_placed ON legal_hold (placed_at, id);
CREATE INDEX legal_hold_subject ON legal_hold (subject_id) WHERE released_at IS NULL;

CREATE TABLE expired_record (
    kind       text        NOT NULL,
    record_id  uuid        NOT NULL,
    learner_id uuid        NOT NULL,
    course_id  uuid,
    ended_at   timestamptz NOT NULL,
    expired_at timestamptz NOT NULL,
    PRIMARY KEY (kind, record_id)
);
