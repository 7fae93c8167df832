-- In which groups of the directory somebody is, written in the transactions of the events that say
-- so: whoever leaves the directory leaves them all by it.
CREATE TABLE access.memberships (
    learner_id uuid NOT NULL,
    group_id   uuid NOT NULL,
    PRIMARY KEY (learner_id, group_id)
);

INSERT INTO access.memberships (learner_id, group_id)
SELECT member, stream_id FROM (
    SELECT DISTINCT ON (stream_id, member) stream_id, member::uuid AS member, type
    FROM event_store.events, json_array_elements_text(data -> 'members') AS member
    WHERE type IN ('group.members_added.v1', 'group.members_removed.v1')
    ORDER BY stream_id, member, version DESC
) AS last
WHERE type = 'group.members_added.v1';

GRANT SELECT, INSERT, DELETE ON access.memberships TO lms_write;
