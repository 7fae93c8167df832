-- Operational tables of log-in: no history here, only what a check needs right now.
-- What happened (who logged in, when) stands in the log.

CREATE SCHEMA access;

-- One Ed25519 pair signs access tokens (retired_at is null), older ones still verify.
-- The private half is sealed with AES-256-GCM under the master key: a dump can't sign.
CREATE TABLE access.signing_keys (
    kid                text PRIMARY KEY,           -- RFC 7638 thumbprint of the public half
    public_key         bytea NOT NULL CHECK (octet_length(public_key) = 32),
    sealed_private_key bytea NOT NULL,
    created_at         timestamptz NOT NULL,
    retired_at         timestamptz
);

CREATE UNIQUE INDEX one_key_signs ON access.signing_keys ((true)) WHERE retired_at IS NULL;

CREATE TABLE access.credentials (
    learner_id    uuid PRIMARY KEY,
    password_hash text NOT NULL,                   -- argon2id, encoded with its parameters
    changed_at    timestamptz NOT NULL
);

-- A session is the family of all refresh tokens that one log-in led to.
CREATE TABLE access.sessions (
    session_id uuid PRIMARY KEY,
    learner_id uuid NOT NULL,
    started_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz,
    ended_by   text
);

CREATE INDEX sessions_of_learner ON access.sessions (learner_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_expiry ON access.sessions (expires_at);

CREATE TABLE access.refresh_tokens (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),   -- SHA-256
    session_id uuid NOT NULL REFERENCES access.sessions ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);

CREATE INDEX refresh_tokens_of_session ON access.refresh_tokens (session_id);

-- Failed log-ins per account and per address; the key is an HMAC, so neither stands here.
CREATE TABLE access.failed_logins (
    key           bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    failures      integer NOT NULL,
    last_at       timestamptz NOT NULL,
    blocked_until timestamptz                      -- null: need not wait
);

CREATE INDEX failed_logins_by_age ON access.failed_logins (last_at);

GRANT USAGE ON SCHEMA access TO lms_write, lms_read;
GRANT SELECT, INSERT, UPDATE, DELETE ON access.credentials, access.sessions,
    access.refresh_tokens, access.failed_logins TO lms_write;
GRANT SELECT, INSERT ON access.signing_keys TO lms_write;
GRANT UPDATE (retired_at) ON access.signing_keys TO lms_write;
GRANT SELECT (kid, public_key, created_at, retired_at) ON access.signing_keys TO lms_read;
