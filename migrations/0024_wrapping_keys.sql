-- Keys between the master key and everything it protects. The master key wraps only these few, so
-- it may live in a service that is asked once; a rotation makes a new one and wraps everything anew.

CREATE TABLE event_store.wrapping_keys (
    key_id      text PRIMARY KEY,
    generation  integer NOT NULL UNIQUE,           -- the highest wraps; 0 only hashes, and stays
    wrapped_key bytea NOT NULL,
    wrapped_by  text NOT NULL,                     -- the master key's id
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Null beside a key: the first one, which was the master key itself. Rows that are there stay as
-- they are until the first rotation, and a program that knows nothing of the column goes on.
-- A wrapping key that some row needs can't be deleted, and none can be used once it is.
ALTER TABLE event_store.personal_keys ADD COLUMN wrapped_by text;
ALTER TABLE event_store.personal_keys ADD CONSTRAINT personal_keys_wrapped_by
    FOREIGN KEY (wrapped_by) REFERENCES event_store.wrapping_keys NOT VALID;

GRANT SELECT ON event_store.wrapping_keys TO lms_write, lms_read, lms_project, lms_seal;
-- The first start makes the first two. Only the owner, at the command line, may change what is
-- wrapped: no process that serves requests can.
GRANT INSERT ON event_store.wrapping_keys TO lms_write;
