-- Who may still act, and as what. Only those whose roles or state ever changed have a row: each API
-- process looks for new ones, so that a token issued before doesn't outlive what it says.
CREATE TABLE access.standing (
    learner_id uuid PRIMARY KEY,
    roles      text[] NOT NULL,
    active     boolean NOT NULL,
    changed_at timestamptz NOT NULL
);

CREATE INDEX standing_by_change ON access.standing (changed_at);
CREATE INDEX sessions_by_end ON access.sessions (ended_at) WHERE ended_at IS NOT NULL;

-- Departments, and what belongs to them: a foreign key keeps one from being removed while a command
-- at the same moment puts somebody into it. All else about them stands in the log.
CREATE TABLE access.departments (
    department_id uuid PRIMARY KEY
);

CREATE TABLE access.placements (
    id            uuid PRIMARY KEY,                -- of a person or a course
    kind          text NOT NULL CHECK (kind IN ('learner', 'course')),
    department_id uuid NOT NULL REFERENCES access.departments
);

CREATE INDEX placements_of_department ON access.placements (department_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON access.standing, access.placements TO lms_write;
GRANT SELECT, INSERT, DELETE, UPDATE ON access.departments TO lms_write;
GRANT SELECT ON access.standing TO lms_read;
GRANT SELECT (session_id, ended_at) ON access.sessions TO lms_read;
