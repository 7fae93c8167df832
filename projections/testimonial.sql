CREATE TABLE testimonial (
    id               uuid        PRIMARY KEY,
    course_id        uuid        NOT NULL,
    learner_id       uuid        NOT NULL,
    text             text        NOT NULL,
    rating           integer     NOT NULL,  -- 1-5
    anonymous        boolean     NOT NULL,  -- its author's name is not for the public
    status           text        NOT NULL DEFAULT 'submitted',
    moderated_by     uuid,
    moderated_at     timestamptz,
    rejection_reason text,
    submitted_at     timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    version          bigint      NOT NULL
);

CREATE INDEX testimonial_submitted ON testimonial (submitted_at, id);
CREATE INDEX testimonial_course ON testimonial (course_id, status, submitted_at, id);
CREATE INDEX testimonial_status ON testimonial (status, submitted_at, id);
CREATE INDEX testimonial_learner ON testimonial (learner_id, submitted_at, id);

-- The planner's statistics would be copies of what is said about people.
ALTER TABLE testimonial
    ALTER COLUMN text SET STATISTICS 0;
