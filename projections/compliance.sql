-- Who had to have done what, and had they: every state there ever was. No name of a person stands
-- here. 9223372036854775807 and infinity are the ends of what holds now.

-- One enrolment that somebody else asked for, or that has a due instant.
CREATE TABLE compliance_obligation (
    id             uuid        NOT NULL,  -- the enrolment's
    learner_id     uuid        NOT NULL,
    course_id      uuid        NOT NULL,
    course_version integer     NOT NULL,
    source         text        NOT NULL,
    assigned_by    uuid,
    assigned_at    timestamptz NOT NULL,
    due_at         timestamptz NOT NULL,  -- infinity: never
    state          text        NOT NULL,  -- assigned, completed, withdrawn
    state_position bigint      NOT NULL,  -- of the event that brought how it stands about
    state_at       timestamptz NOT NULL,  -- when that was recorded
    since_position bigint      NOT NULL,  -- of the event that obliged
    since_at       timestamptz NOT NULL,  -- when that was recorded
    completed_at   timestamptz,
    withdrawn_at   timestamptz,  -- while assigned: the learner left, which releases nobody
    withdrawn_by   uuid,
    certificate_id uuid,
    expires_at     timestamptz,
    revoked_at     timestamptz,
    from_position  bigint      NOT NULL,
    to_position    bigint      NOT NULL DEFAULT 9223372036854775807,
    from_at        timestamptz NOT NULL,
    to_at          timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (id, from_position)
) WITH (fillfactor = 90);

-- With when each state held: a page of an early moment passes over all that came later without
-- looking at its rows.
CREATE INDEX compliance_obligation_due
    ON compliance_obligation (due_at, id, from_at, to_at, from_position, to_position);
CREATE INDEX compliance_obligation_course
    ON compliance_obligation (course_id, due_at, id, from_at, to_at, from_position, to_position);
CREATE INDEX compliance_obligation_learner ON compliance_obligation (learner_id, due_at, id);
CREATE INDEX compliance_obligation_from ON compliance_obligation (from_at);
CREATE INDEX compliance_obligation_position ON compliance_obligation (from_position);
CREATE INDEX compliance_obligation_expiry ON compliance_obligation (expires_at)
    WHERE expires_at IS NOT NULL;
CREATE INDEX compliance_obligation_certificate ON compliance_obligation (certificate_id)
    WHERE certificate_id IS NOT NULL AND to_position = 9223372036854775807;
-- What goes wrong, or is let off: few, and what is asked for most.
CREATE INDEX compliance_obligation_overdue ON compliance_obligation (due_at, id)
    WHERE state = 'assigned' AND to_at > due_at;
CREATE INDEX compliance_obligation_late ON compliance_obligation (due_at, id)
    WHERE completed_at > due_at;
CREATE INDEX compliance_obligation_revoked ON compliance_obligation (due_at, id)
    WHERE revoked_at IS NOT NULL;
CREATE INDEX compliance_obligation_withdrawn ON compliance_obligation (due_at, id)
    WHERE state = 'withdrawn';

-- Where a person belonged, and whether their account was active.
CREATE TABLE compliance_person (
    learner_id      uuid        NOT NULL,
    department_id   uuid,
    department      text,  -- its name when the person came into it
    manager_id      uuid,
    active          boolean     NOT NULL,
    active_position bigint      NOT NULL,  -- of the event that made them so, or not so
    active_at       timestamptz NOT NULL,  -- when that was recorded
    from_position   bigint      NOT NULL,
    to_position     bigint      NOT NULL DEFAULT 9223372036854775807,
    from_at         timestamptz NOT NULL,
    to_at           timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (learner_id, from_position)
);

CREATE INDEX compliance_person_manager ON compliance_person (manager_id);
CREATE INDEX compliance_person_department ON compliance_person (department_id);
CREATE INDEX compliance_person_from ON compliance_person (from_at);
CREATE INDEX compliance_person_left ON compliance_person (from_at) WHERE NOT active;

-- By which summaries group: few, though as many are thinkable as there are pairs. Knowing that,
-- they are counted in a table of hashes, and not sorted first.
CREATE STATISTICS compliance_person_departments (ndistinct)
    ON department_id, (CASE WHEN department_id IS NULL THEN department END)
    FROM compliance_person;

CREATE TABLE compliance_course (
    course_id     uuid        NOT NULL,
    title         text        NOT NULL,
    from_position bigint      NOT NULL,
    to_position   bigint      NOT NULL DEFAULT 9223372036854775807,
    from_at       timestamptz NOT NULL,
    to_at         timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (course_id, from_position)
);

CREATE TABLE compliance_department (
    id            uuid        NOT NULL,
    name          text        NOT NULL,
    path          uuid[]      NOT NULL,  -- from the top down to itself
    from_position bigint      NOT NULL,
    to_position   bigint      NOT NULL DEFAULT 9223372036854775807,
    from_at       timestamptz NOT NULL,
    to_at         timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (id, from_position)
);

CREATE INDEX compliance_department_path ON compliance_department USING gin (path);
