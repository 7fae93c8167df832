-- Who and what. All times are UTC. Nobody is named: a learner is an id.
CREATE TABLE dim_learner (
    learner_id    UUID NOT NULL,
    roles         VARCHAR[],
    department    VARCHAR,
    job_role      VARCHAR,
    language      VARCHAR,
    manager_id    UUID,
    active        BOOLEAN NOT NULL,
    registered_at TIMESTAMP,
    department_id UUID                 -- NULL: the name stands for no department of the tree
);

CREATE TABLE dim_course (
    course_id        UUID NOT NULL,
    title            VARCHAR,
    code             VARCHAR,
    topic            VARCHAR,
    department       VARCHAR,
    difficulty       VARCHAR,
    language         VARCHAR,
    duration_minutes INTEGER,
    instructors      UUID[],
    status           VARCHAR NOT NULL, -- draft, published, archived
    course_version   INTEGER NOT NULL, -- the last published; 0 for none
    lesson_count     INTEGER NOT NULL, -- in that version
    assessment_count INTEGER NOT NULL,
    created_at       TIMESTAMP,
    published_at     TIMESTAMP,        -- of that version
    department_id    UUID
);

CREATE TABLE dim_assessment (
    assessment_id      UUID NOT NULL,
    course_id          UUID,
    title              VARCHAR,
    pass_mark          INTEGER,         -- percent
    attempts_allowed   INTEGER,         -- NULL: as many as one likes
    question_count     INTEGER NOT NULL,
    max_points         INTEGER NOT NULL,
    assessment_version INTEGER NOT NULL -- the last published; 0 for none
);

CREATE TABLE dim_survey (
    survey_id      UUID NOT NULL,
    course_id      UUID,
    title          VARCHAR,
    anonymous      BOOLEAN,
    question_count INTEGER NOT NULL,
    status         VARCHAR NOT NULL    -- draft, published, closed
);

CREATE TABLE dim_date AS
SELECT
    day::DATE AS date,
    year(day)::INTEGER AS year,
    quarter(day)::INTEGER AS quarter,
    month(day)::INTEGER AS month,
    day(day)::INTEGER AS day_of_month,
    isodow(day)::INTEGER AS weekday,   -- 1 is Monday
    dayname(day) AS weekday_name,
    isoyear(day)::INTEGER AS iso_year,
    week(day)::INTEGER AS iso_week,
    date_trunc('week', day)::DATE AS week_start,
    date_trunc('month', day)::DATE AS month_start
FROM range(TIMESTAMP '2000-01-01', TIMESTAMP '2060-01-01', INTERVAL 1 DAY) AS days(day);
