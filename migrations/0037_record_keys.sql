-- Texts of records that can expire are sealed under a key of their own, and that under the person's.
-- It opens nothing without the person's key, so it needs no wrapping. Deleting it makes the text
-- unreadable while the person stays.
CREATE TABLE IF NOT EXISTS event_store.record_keys (
    key_id     uuid        PRIMARY KEY,  -- grows with time: whoever reads history reads ahead
    stream_id  uuid        NOT NULL,
    person_id  uuid        NOT NULL,
    key        bytea       NOT NULL CHECK (octet_length(key) = 32),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS record_keys_of_stream ON event_store.record_keys (stream_id);
CREATE INDEX IF NOT EXISTS record_keys_of_person ON event_store.record_keys (person_id);

GRANT SELECT, INSERT, DELETE ON event_store.record_keys TO lms_write;
GRANT SELECT ON event_store.record_keys TO lms_read, lms_project;

-- The planner's statistics would be copies, and pages with deleted keys are written anew with those
-- of erased people.
ALTER TABLE event_store.record_keys ALTER COLUMN key SET STATISTICS 0;
GRANT MAINTAIN ON event_store.record_keys TO lms_project;
