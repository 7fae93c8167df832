CREATE TABLE course (
    id                    uuid        PRIMARY KEY,
    title                 text        NOT NULL,
    description           text        NOT NULL,
    code                  text,
    topic                 text,
    department            text,  -- its name when the course came into it
    department_id         uuid,
    difficulty            text,
    language              text        NOT NULL,
    duration_minutes      integer,
    instructors           uuid[]      NOT NULL,
    created_by            uuid,
    status                text        NOT NULL DEFAULT 'draft',
    course_version        integer     NOT NULL DEFAULT 0,
    lesson_count          integer     NOT NULL DEFAULT 0,  -- in the published version
    assessments           uuid[]      NOT NULL DEFAULT '{}',
    published_assessments uuid[]      NOT NULL DEFAULT '{}',
    languages             text[]      NOT NULL DEFAULT '{}',  -- translated into
    translated_titles     text        NOT NULL DEFAULT '',  -- in all of them
    created_at            timestamptz NOT NULL,
    published_at          timestamptz,
    archived_at           timestamptz,
    updated_at            timestamptz NOT NULL,
    version               bigint      NOT NULL,
    -- Stemmed as English and word by word, so that titles in other languages are found too.
    search                tsvector    GENERATED ALWAYS AS (
        setweight(to_tsvector('english', title), 'A')
        || setweight(to_tsvector('simple', title || ' ' || coalesce(code, '')), 'A')
        || setweight(to_tsvector('english', translated_titles), 'A')
        || setweight(to_tsvector('simple', translated_titles), 'A')
        || setweight(to_tsvector('english', coalesce(topic, '')), 'B')
        || setweight(to_tsvector('simple', coalesce(topic, '')), 'B')
        || setweight(to_tsvector('english', description), 'C')
        || setweight(to_tsvector('simple', description), 'C')
    ) STORED
);

CREATE INDEX course_created ON course (created_at, id);
CREATE INDEX course_catalogue ON course (status, topic, difficulty, created_at, id);
CREATE INDEX course_department ON course (department_id);
CREATE INDEX course_instructors ON course USING gin (instructors);
CREATE INDEX course_search ON course USING gin (search);

CREATE TABLE course_module (
    id        uuid    PRIMARY KEY,
    course_id uuid    NOT NULL,
    ordinal   integer NOT NULL,
    title     text    NOT NULL
);

CREATE INDEX course_module_course ON course_module (course_id, ordinal);

CREATE TABLE course_lesson (
    id               uuid    PRIMARY KEY,
    course_id        uuid    NOT NULL,
    module_id        uuid    NOT NULL,
    ordinal          integer NOT NULL,  -- within its module
    title            text    NOT NULL,
    kind             text    NOT NULL,
    content          text    NOT NULL,
    duration_minutes integer NOT NULL,
    published        boolean NOT NULL DEFAULT false
);

CREATE INDEX course_lesson_course ON course_lesson (course_id, module_id, ordinal);

-- What it and its parts say in other languages; `part_id` may be its own.
CREATE TABLE course_translation (
    course_id uuid NOT NULL,
    language  text NOT NULL,
    part_id   uuid NOT NULL,
    field     text NOT NULL,
    text      text NOT NULL,
    PRIMARY KEY (course_id, language, part_id, field)
);
