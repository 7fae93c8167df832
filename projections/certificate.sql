CREATE TABLE certificate (
    id                uuid        PRIMARY KEY,
    number            text        NOT NULL UNIQUE,
    learner_id        uuid        NOT NULL,
    course_id         uuid        NOT NULL,
    course_title      text        NOT NULL,
    course_version    integer     NOT NULL,
    enrollment_id     uuid        NOT NULL,
    holder_name       text        NOT NULL,
    status            text        NOT NULL DEFAULT 'valid',
    completed_at      timestamptz NOT NULL,
    issued_at         timestamptz NOT NULL,
    expires_at        timestamptz,
    revoked_at        timestamptz,
    revoked_by        uuid,
    revocation_reason text,
    updated_at        timestamptz NOT NULL,
    version           bigint      NOT NULL
);

CREATE INDEX certificate_updated ON certificate (updated_at, id);
CREATE INDEX certificate_course_updated ON certificate (course_id, updated_at, id);
CREATE INDEX certificate_issued ON certificate (issued_at, id);
CREATE INDEX certificate_learner ON certificate (learner_id, issued_at, id);
CREATE INDEX certificate_course ON certificate (course_id, issued_at, id);
CREATE INDEX certificate_enrollment ON certificate (enrollment_id);

-- The planner's statistics would be copies of what is said about people.
ALTER TABLE certificate
    ALTER COLUMN holder_name SET STATISTICS 0;
