CREATE TABLE learner (
    id            uuid        PRIMARY KEY,
    username      text        NOT NULL,
    email         text        NOT NULL,
    full_name     text        NOT NULL,
    roles         text[]      NOT NULL,
    language      text        NOT NULL,
    time_zone     text        NOT NULL,
    department    text,    -- its name when the person came into it
    department_id uuid,
    administers   uuid[]      NOT NULL DEFAULT '{}',  -- departments that are looked after
    job_role      text,
    manager_id    uuid,
    active        boolean     NOT NULL DEFAULT true,
    registered_at timestamptz NOT NULL,
    last_login_at timestamptz,
    updated_at    timestamptz NOT NULL,
    version       bigint      NOT NULL,
    search        tsvector    GENERATED ALWAYS AS (
        to_tsvector('simple', full_name || ' ' || username || ' ' || email)
    ) STORED
) WITH (fillfactor = 80);  -- log-ins update rows in place

CREATE INDEX learner_registered ON learner (registered_at, id);
CREATE INDEX learner_manager ON learner (manager_id, registered_at, id);
CREATE INDEX learner_department ON learner (department_id);
CREATE INDEX learner_search ON learner USING gin (search);

CREATE TABLE learner_skill (
    learner_id  uuid        NOT NULL,
    key         text        NOT NULL,  -- equal for all spellings of the name
    skill       text        NOT NULL,
    level       integer     NOT NULL,  -- 1 novice to 5 expert
    assessed_by uuid,
    assessed_at timestamptz NOT NULL,
    PRIMARY KEY (learner_id, key)
);

CREATE INDEX learner_skill_level ON learner_skill (key, level);

-- The planner's statistics would be copies of what is said about people.
ALTER TABLE learner
    ALTER COLUMN username SET STATISTICS 0,
    ALTER COLUMN email SET STATISTICS 0,
    ALTER COLUMN full_name SET STATISTICS 0,
    ALTER COLUMN search SET STATISTICS 0;
