CREATE TABLE survey (
    id             uuid        PRIMARY KEY,
    title          text        NOT NULL,
    course_id      uuid,
    anonymous      boolean     NOT NULL,
    created_by     uuid,
    status         text        NOT NULL DEFAULT 'draft',
    question_count integer     NOT NULL DEFAULT 0,
    response_count integer     NOT NULL DEFAULT 0,
    languages      text[]      NOT NULL DEFAULT '{}',  -- translated into
    created_at     timestamptz NOT NULL,
    published_at   timestamptz,
    closed_at      timestamptz,
    updated_at     timestamptz NOT NULL,
    version        bigint      NOT NULL
) WITH (fillfactor = 50);

CREATE INDEX survey_created ON survey (created_at, id);
CREATE INDEX survey_course ON survey (course_id, created_at, id);

CREATE TABLE survey_question (
    id        uuid    PRIMARY KEY,
    survey_id uuid    NOT NULL,
    ordinal   integer NOT NULL,
    kind      text    NOT NULL,
    prompt    text    NOT NULL,
    required  boolean NOT NULL
);

CREATE INDEX survey_question_survey ON survey_question (survey_id, ordinal);

CREATE TABLE survey_choice (
    id          uuid    PRIMARY KEY,
    survey_id   uuid    NOT NULL,
    question_id uuid    NOT NULL,
    ordinal     integer NOT NULL,
    text        text    NOT NULL
);

CREATE INDEX survey_choice_survey ON survey_choice (survey_id, question_id, ordinal);

CREATE TABLE survey_invitation (
    id            uuid        PRIMARY KEY,
    survey_id     uuid        NOT NULL,
    learner_id    uuid        NOT NULL,
    enrollment_id uuid,
    sent_at       timestamptz NOT NULL,
    version       bigint      NOT NULL
);

CREATE INDEX survey_invitation_learner ON survey_invitation (learner_id, sent_at, id);
CREATE INDEX survey_invitation_survey ON survey_invitation (survey_id);

-- Who has answered. It has no time: with one, anonymous sheets could be matched to people.
CREATE TABLE survey_participant (
    survey_id  uuid NOT NULL,
    learner_id uuid NOT NULL,
    PRIMARY KEY (survey_id, learner_id)
);

CREATE TABLE survey_response (
    id           uuid        PRIMARY KEY,
    survey_id    uuid        NOT NULL,
    course_id    uuid,
    learner_id   uuid,                  -- NULL when anonymous
    submitted_at timestamptz NOT NULL,  -- when anonymous, only the day
    version      bigint      NOT NULL
);

CREATE INDEX survey_response_submitted ON survey_response (submitted_at, id)
    WHERE learner_id IS NOT NULL;
CREATE INDEX survey_response_learner ON survey_response (learner_id) WHERE learner_id IS NOT NULL;
CREATE INDEX survey_response_survey ON survey_response (survey_id, submitted_at, id);

CREATE TABLE survey_answer (
    response_id uuid    NOT NULL,
    question_id uuid    NOT NULL,
    survey_id   uuid    NOT NULL,
    choices     uuid[]  NOT NULL,
    rating      integer,
    text        text,
    PRIMARY KEY (response_id, question_id)
);

CREATE INDEX survey_answer_text ON survey_answer (survey_id, question_id) WHERE text IS NOT NULL;

-- The results: how often each answer was given; `answer` is the id of a choice, or a rating.
CREATE TABLE survey_tally (
    survey_id   uuid    NOT NULL,
    question_id uuid    NOT NULL,
    answer      text    NOT NULL,
    times       integer NOT NULL,
    PRIMARY KEY (survey_id, question_id, answer)
) WITH (fillfactor = 50);

-- What it and its parts say in other languages; `part_id` may be its own.
CREATE TABLE survey_translation (
    survey_id uuid NOT NULL,
    language  text NOT NULL,
    part_id   uuid NOT NULL,
    field     text NOT NULL,
    text      text NOT NULL,
    PRIMARY KEY (survey_id, language, part_id, field)
);

-- The planner's statistics would be copies of what is said about people.
ALTER TABLE survey_answer
    ALTER COLUMN text SET STATISTICS 0;
