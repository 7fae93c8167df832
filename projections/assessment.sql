CREATE TABLE assessment (
    id                 uuid        PRIMARY KEY,
    course_id          uuid        NOT NULL,
    title              text        NOT NULL,
    pass_mark          integer     NOT NULL,  -- percent
    attempts_allowed   integer,               -- NULL: as many as one likes
    created_by         uuid,
    status             text        NOT NULL DEFAULT 'draft',
    assessment_version integer     NOT NULL DEFAULT 0,
    question_count     integer     NOT NULL DEFAULT 0,
    max_points         integer     NOT NULL DEFAULT 0,
    languages          text[]      NOT NULL DEFAULT '{}',  -- translated into
    created_at         timestamptz NOT NULL,
    published_at       timestamptz,
    updated_at         timestamptz NOT NULL,
    version            bigint      NOT NULL
);

CREATE INDEX assessment_created ON assessment (created_at, id);
CREATE INDEX assessment_course ON assessment (course_id, created_at, id);

CREATE TABLE assessment_question (
    id            uuid    PRIMARY KEY,
    assessment_id uuid    NOT NULL,
    ordinal       integer NOT NULL,
    kind          text    NOT NULL,
    prompt        text    NOT NULL,
    points        integer NOT NULL
);

CREATE INDEX assessment_question_assessment ON assessment_question (assessment_id, ordinal);

CREATE TABLE assessment_choice (
    id            uuid    PRIMARY KEY,
    assessment_id uuid    NOT NULL,
    question_id   uuid    NOT NULL,
    ordinal       integer NOT NULL,
    text          text    NOT NULL,
    correct       boolean NOT NULL  -- the answer key: not for learners
);

CREATE INDEX assessment_choice_assessment
    ON assessment_choice (assessment_id, question_id, ordinal);

-- What it and its parts say in other languages; `part_id` may be its own.
CREATE TABLE assessment_translation (
    assessment_id uuid NOT NULL,
    language      text NOT NULL,
    part_id       uuid NOT NULL,
    field         text NOT NULL,
    text          text NOT NULL,
    PRIMARY KEY (assessment_id, language, part_id, field)
);
