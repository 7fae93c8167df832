-- Progress is most of the history. It changes no indexed column, and pages keep room, so that its
-- updates stay on the page and touch no index.
CREATE TABLE enrollment (
    id                uuid        PRIMARY KEY,
    learner_id        uuid        NOT NULL,
    course_id         uuid        NOT NULL,
    course_version    integer     NOT NULL,
    status            text        NOT NULL DEFAULT 'active',
    source            text        NOT NULL,
    enrolled_by       uuid,
    assessments       uuid[]      NOT NULL,  -- that the version begun asks for
    due_at            timestamptz,
    enrolled_at       timestamptz NOT NULL,
    completed_at      timestamptz,
    withdrawn_at      timestamptz,
    withdrawal_reason text,
    score             double precision,      -- 0-100, once completed
    lesson_count      integer     NOT NULL,
    percent_sum       integer     NOT NULL DEFAULT 0,
    seconds           bigint      NOT NULL DEFAULT 0,
    last_lesson_id    uuid,
    last_activity_at  timestamptz,
    updated_at        timestamptz NOT NULL,
    version           bigint      NOT NULL,
    percent           integer     NOT NULL GENERATED ALWAYS AS (
        CASE WHEN lesson_count > 0 THEN percent_sum / lesson_count
             WHEN status = 'completed' THEN 100
             ELSE 0 END
    ) STORED,
    ended_at          timestamptz GENERATED ALWAYS AS (  -- of what is active there is none to change
        CASE WHEN status <> 'active' THEN updated_at END
    ) STORED
) WITH (fillfactor = 60);

CREATE INDEX enrollment_ended ON enrollment (ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX enrollment_course_ended ON enrollment (course_id, ended_at, id)
    WHERE ended_at IS NOT NULL;
CREATE INDEX enrollment_enrolled ON enrollment (enrolled_at, id);
CREATE INDEX enrollment_learner ON enrollment (learner_id, enrolled_at, id);
CREATE INDEX enrollment_course ON enrollment (course_id, enrolled_at, id);

-- One row for each lesson of the version begun, from the start.
CREATE TABLE lesson_progress (
    enrollment_id uuid        NOT NULL,
    lesson_id     uuid        NOT NULL,
    ordinal       integer     NOT NULL,
    percent       integer     NOT NULL DEFAULT 0,
    seconds       bigint      NOT NULL DEFAULT 0,
    bookmark      text,
    updated_at    timestamptz,
    completed_at  timestamptz,
    PRIMARY KEY (enrollment_id, lesson_id)
) WITH (fillfactor = 60);

-- Best passing scores, in percent.
CREATE TABLE enrollment_assessment (
    enrollment_id uuid             NOT NULL,
    assessment_id uuid             NOT NULL,
    attempt_id    uuid             NOT NULL,
    score         double precision NOT NULL,
    passed_at     timestamptz      NOT NULL,
    PRIMARY KEY (enrollment_id, assessment_id)
);
