-- What happened. Each `…_on` is the UTC date of its `…_at`, to join with dim_date.

-- One row for an enrolment, as it stands.
CREATE TABLE fact_enrollment (
    enrollment_id    UUID NOT NULL,
    learner_id       UUID NOT NULL,
    course_id        UUID NOT NULL,
    course_version   INTEGER,
    source           VARCHAR,          -- self, manager, policy, import
    status           VARCHAR NOT NULL, -- requested, active, completed, withdrawn, declined
    lesson_count     INTEGER NOT NULL,
    assessment_count INTEGER NOT NULL,
    enrolled_at      TIMESTAMP NOT NULL,
    enrolled_on      DATE NOT NULL,
    due_at           TIMESTAMP,
    completed_at     TIMESTAMP,
    completed_on     DATE,
    withdrawn_at     TIMESTAMP,
    score            DOUBLE            -- 0 to 100, when completed with an assessment
);

-- One row for each report of progress in a lesson, and one when the lesson is completed.
CREATE TABLE fact_progress (
    position      BIGINT NOT NULL,
    enrollment_id UUID NOT NULL,
    learner_id    UUID NOT NULL,
    course_id     UUID NOT NULL,
    lesson_id     UUID NOT NULL,
    percent       INTEGER NOT NULL, -- of the lesson, the furthest reached
    seconds       INTEGER NOT NULL, -- spent since the report before
    completed     BOOLEAN NOT NULL, -- the lesson was completed at this moment
    occurred_at   TIMESTAMP NOT NULL,
    occurred_on   DATE NOT NULL
);

-- One row for an attempt at an assessment, as it stands.
CREATE TABLE fact_attempt (
    attempt_id         UUID NOT NULL,
    assessment_id      UUID NOT NULL,
    assessment_version INTEGER,
    course_id          UUID,
    enrollment_id      UUID,
    learner_id         UUID NOT NULL,
    number             INTEGER,
    started_at         TIMESTAMP,
    submitted_at       TIMESTAMP,
    graded_at          TIMESTAMP,
    graded_on          DATE,
    score              DOUBLE,  -- 0 to 100
    points             INTEGER,
    max_points         INTEGER,
    passed             BOOLEAN
);

-- One row for a question in an attempt.
CREATE TABLE fact_answer (
    attempt_id    UUID NOT NULL,
    assessment_id UUID NOT NULL,
    learner_id    UUID NOT NULL,
    question_id   UUID NOT NULL,
    choices       UUID[],  -- NULL when it was left unanswered
    correct       BOOLEAN, -- NULL until graded
    points        INTEGER
);

-- One row for an opinion with stars, as it stands.
CREATE TABLE fact_rating (
    rating_id    UUID NOT NULL,    -- the feedback or testimonial
    kind         VARCHAR NOT NULL, -- feedback, testimonial
    course_id    UUID NOT NULL,
    learner_id   UUID,             -- NULL for an anonymous testimonial
    rating       INTEGER NOT NULL, -- 1 to 5
    status       VARCHAR NOT NULL, -- submitted, approved, rejected, withdrawn
    submitted_at TIMESTAMP NOT NULL,
    submitted_on DATE NOT NULL
);

-- One row for an answer to a survey's question; one for each choice where several are ticked.
CREATE TABLE fact_survey_answer (
    response_id  UUID NOT NULL,
    survey_id    UUID NOT NULL,
    course_id    UUID,
    learner_id   UUID,             -- NULL when the survey is anonymous
    question_id  UUID NOT NULL,
    choice_id    UUID,
    rating       INTEGER,
    submitted_at TIMESTAMP NOT NULL,
    submitted_on DATE NOT NULL
);

CREATE TABLE fact_notification (
    notification_id UUID NOT NULL,
    learner_id      UUID NOT NULL,
    kind            VARCHAR,
    created_at      TIMESTAMP NOT NULL,
    created_on      DATE NOT NULL,
    read_at         TIMESTAMP
);

CREATE TABLE fact_login (
    position    BIGINT NOT NULL,
    learner_id  UUID NOT NULL,
    method      VARCHAR,
    occurred_at TIMESTAMP NOT NULL,
    occurred_on DATE NOT NULL
);
