CREATE TABLE feedback (
    id            uuid        PRIMARY KEY,
    course_id     uuid        NOT NULL,
    learner_id    uuid        NOT NULL,
    rating        integer     NOT NULL,  -- 1-5
    feedback_text text,
    submitted_at  timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    version       bigint      NOT NULL
);

CREATE INDEX feedback_updated ON feedback (updated_at, id);
CREATE INDEX feedback_submitted ON feedback (submitted_at, id);
CREATE INDEX feedback_course ON feedback (course_id, submitted_at, id);
CREATE INDEX feedback_learner ON feedback (learner_id, submitted_at, id);

CREATE TABLE course_rating (
    course_id  uuid    PRIMARY KEY,
    ratings    integer NOT NULL,
    rating_sum integer NOT NULL,
    average    double precision NOT NULL GENERATED ALWAYS AS (
        round(rating_sum::numeric / ratings, 2)
    ) STORED
);

-- The planner's statistics would be copies of what is said about people.
ALTER TABLE feedback
    ALTER COLUMN feedback_text SET STATISTICS 0;
