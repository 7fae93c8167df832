-- Who may be in groups of the directory, so that nobody joins one at the moment of leaving them all:
-- a membership refers to a row that says so, and leaving the directory takes that back. Whichever
-- of the two comes second waits for the first, is refused, and looks again.
CREATE TABLE access.members (
    learner_id uuid PRIMARY KEY,
    may_join   boolean NOT NULL DEFAULT true,
    UNIQUE (learner_id, may_join)
);

INSERT INTO access.members (learner_id) SELECT DISTINCT learner_id FROM access.memberships;

INSERT INTO access.members (learner_id, may_join)
SELECT learner_id, false FROM (
    SELECT DISTINCT ON (stream_id) stream_id AS learner_id, type
    FROM event_store.events
    WHERE type IN ('learner.deprovisioned.v1', 'learner.reactivated.v1', 'learner.erased.v1')
    ORDER BY stream_id, version DESC
) AS last
WHERE type <> 'learner.reactivated.v1'
ON CONFLICT DO NOTHING;

ALTER TABLE access.memberships
    ADD COLUMN may_join boolean NOT NULL DEFAULT true CHECK (may_join),
    ADD CONSTRAINT memberships_of_members
        FOREIGN KEY (learner_id, may_join) REFERENCES access.members (learner_id, may_join);

GRANT SELECT, INSERT, UPDATE ON access.members TO lms_write;
