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
