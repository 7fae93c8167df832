CREATE TABLE attempt (
    id                 uuid             PRIMARY KEY,
    assessment_id      uuid             NOT NULL,
    assessment_version integer          NOT NULL,
    course_id          uuid             NOT NULL,
    enrollment_id      uuid             NOT NULL,
    learner_id         uuid             NOT NULL,
    number             integer          NOT NULL,
    status             text             NOT NULL DEFAULT 'started',
    score              double precision,  -- percent
    points             integer,
    max_points         integer,
    passed             boolean,
    graded_by          text,              -- 'auto', or the id of a person
    grade_reason       text,
    started_at         timestamptz      NOT NULL,
    submitted_at       timestamptz,
    graded_at          timestamptz,
    updated_at         timestamptz      NOT NULL,
    version            bigint           NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX attempt_updated ON attempt (updated_at, id);
CREATE INDEX attempt_course_updated ON attempt (course_id, updated_at, id);
CREATE INDEX attempt_started ON attempt (started_at, id);
CREATE INDEX attempt_learner ON attempt (learner_id, assessment_id, started_at, id);
CREATE INDEX attempt_assessment ON attempt (assessment_id, started_at, id);
CREATE INDEX attempt_course ON attempt (course_id, started_at, id);

CREATE TABLE attempt_answer (
    attempt_id  uuid    NOT NULL,
    question_id uuid    NOT NULL,
    choices     uuid[]  NOT NULL DEFAULT '{}',
    correct     boolean,
    points      integer,
    PRIMARY KEY (attempt_id, question_id)
);
