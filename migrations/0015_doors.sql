-- Proving anew who one is by a provider, and log-outs there that come amid a log-in here.

-- Null: whoever vouched for the owner didn't say when they proved who they are.
ALTER TABLE access.sessions ALTER COLUMN authenticated_at DROP NOT NULL;

-- The session whose owner is to prove anew who they are; null: somebody logs in.
ALTER TABLE access.sso_logins ADD COLUMN session_id uuid;

-- Since when it is known who waits for the second factor. None of it lasts longer than minutes.
DELETE FROM access.sso_challenges;
ALTER TABLE access.sso_challenges ADD COLUMN identified_at timestamptz NOT NULL;

-- Whose log-out a token told of: what was begun before must not become a session afterwards.
ALTER TABLE access.sso_logout_tokens
    ADD COLUMN provider    text,
    ADD COLUMN identity_id uuid,
    ADD COLUMN sid_hash    bytea,
    ADD COLUMN used_at     timestamptz;

-- Active accounts that are administrators, written in the transactions of the events that make and
-- unmake them: there is always one left, also after two commands at the same moment.
CREATE TABLE access.administrators (
    learner_id uuid PRIMARY KEY
);

INSERT INTO access.administrators
SELECT stream_id FROM (
    SELECT DISTINCT ON (stream_id) stream_id, data -> 'roles' AS roles
    FROM event_store.events
    WHERE type IN ('learner.registered.v1', 'learner.roles_changed.v1')
    ORDER BY stream_id, version DESC
) AS held
WHERE roles::jsonb ? 'admin' AND coalesce((
    SELECT type = 'learner.reactivated.v1' FROM event_store.events state
    WHERE state.stream_id = held.stream_id
      AND type IN ('learner.deactivated.v1', 'learner.reactivated.v1')
    ORDER BY version DESC LIMIT 1
), true);

CREATE FUNCTION access.keep_an_administrator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Whoever comes second waits here until the first has committed, and then sees it.
    PERFORM pg_advisory_xact_lock(hashtextextended('the last administrator', 0));
    IF NOT EXISTS (SELECT FROM access.administrators) THEN
        RAISE EXCEPTION 'there must be an administrator' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER keep_an_administrator AFTER DELETE ON access.administrators
    FOR EACH ROW EXECUTE FUNCTION access.keep_an_administrator();

GRANT SELECT, INSERT, DELETE ON access.administrators TO lms_write;

-- Keys that were revoked, so that every process drops what it has verified by them at once.
CREATE TABLE access.revoked_keys (
    kid        text PRIMARY KEY,
    revoked_at timestamptz NOT NULL
);

GRANT SELECT, INSERT ON access.revoked_keys TO lms_write;
GRANT SELECT ON access.revoked_keys TO lms_read;

-- A person's identities are listed, and removed one by one, by themselves too.
ALTER TABLE access.sso_logins ADD COLUMN links boolean NOT NULL DEFAULT false;
ALTER TABLE access.external_identities ADD COLUMN linked_at timestamptz;
GRANT SELECT ON access.external_identities TO lms_read;

-- Reports of imports go after a while; that there was an import, and its sums, stay in the log.
GRANT DELETE ON provisioning.imports TO lms_write;
