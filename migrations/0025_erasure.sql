-- Erasing people: keys are destroyed, what names them is deleted, and their copies are rewritten.

-- Whoever answers requests may destroy a key, and change none.
GRANT UPDATE (wrapped_key, wrapped_by, destroyed_at) ON event_store.personal_keys TO lms_write;
CREATE FUNCTION event_store.only_destroy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE insufficient_privilege
        USING MESSAGE = format('%s may destroy personal keys, and change none', current_user);
END $$;
CREATE TRIGGER only_destroy BEFORE UPDATE ON event_store.personal_keys
    FOR EACH ROW WHEN (current_user = 'lms_write' AND NEW.wrapped_key IS NOT NULL)
    EXECUTE FUNCTION event_store.only_destroy();
GRANT DELETE ON event_store.snapshots, event_store.idempotency TO lms_write;
GRANT UPDATE (learner_id) ON provisioning.import_rows TO lms_write;
CREATE INDEX personal_keys_destroyed ON event_store.personal_keys (destroyed_at)
    WHERE destroyed_at IS NOT NULL;
CREATE INDEX import_rows_of_learner ON provisioning.import_rows (learner_id);
CREATE INDEX refusals_of_learner ON access.refusals (learner_id);

-- The planner's statistics are copies of what they describe: of these columns none are kept.
ALTER TABLE event_store.personal_keys ALTER COLUMN wrapped_key SET STATISTICS 0;
ALTER TABLE provisioning.imports ALTER COLUMN content SET STATISTICS 0;
ALTER TABLE access.refusals ALTER COLUMN address SET STATISTICS 0;

CREATE SCHEMA erasure;

-- Erasures that are carried out and whose old copies still lie in the files of the database.
CREATE TABLE erasure.scrubs (
    erasure_id uuid        PRIMARY KEY,
    learner_id uuid        NOT NULL,
    xact       xid8        NOT NULL DEFAULT pg_current_xact_id(),
    erased_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- A lock that orders erasures among themselves and with holds. Raises what the program takes for a
-- conflict (23503): the command is then decided anew, by what is so now.
CREATE FUNCTION erasure.take_turn() RETURNS void LANGUAGE sql AS
$$ SELECT pg_advisory_xact_lock(hashtext('erasure.take_turn')) $$;

CREATE FUNCTION erasure.check_unchanged(streams uuid[], versions bigint[], by uuid)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM erasure.take_turn();
    IF EXISTS (
        SELECT FROM unnest(streams, versions) AS seen (stream, seen_version)
        JOIN event_store.events ON stream_id = stream AND version > seen_version
    ) OR EXISTS (SELECT FROM access.standing WHERE learner_id = by AND NOT active) THEN
        RAISE EXCEPTION 'decided on what is no longer so' USING ERRCODE = '23503';
    END IF;
END
$$;

GRANT USAGE ON SCHEMA erasure TO lms_write, lms_project, lms_read;
GRANT SELECT, INSERT, DELETE ON erasure.scrubs TO lms_write;
GRANT SELECT ON erasure.scrubs TO lms_read, lms_project;

-- Read models belong to lms_project; these too hold what has to be rewritten.
GRANT MAINTAIN ON event_store.personal_keys, event_store.snapshots, provisioning.imports,
    access.refusals TO lms_project;
GRANT USAGE ON SCHEMA provisioning, access TO lms_project;

-- Old write-ahead log goes with a checkpoint. The owner of a managed server may not give these
-- rights away: there the log goes when the server's own checkpoints come.
DO $$
BEGIN
    GRANT pg_checkpoint, pg_read_all_stats TO lms_project;
    GRANT EXECUTE ON FUNCTION pg_switch_wal() TO lms_project;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'lms_project gets no right to checkpoints here';
END
$$;
