-- Sessions that can be listed, second factors, log-ins that wait for one, service accounts' secrets.
-- What happened stands in the log; here is what a check needs right now, and no secret in clear.

-- How and when the owner proved who they are, and from where (sealed under the owner's own key).
ALTER TABLE access.sessions
    ADD COLUMN authenticated_at timestamptz,
    ADD COLUMN last_used_at     timestamptz,
    ADD COLUMN factors          text[] NOT NULL DEFAULT '{pwd}',
    ADD COLUMN client           text;
UPDATE access.sessions SET authenticated_at = started_at, last_used_at = started_at;
ALTER TABLE access.sessions
    ALTER COLUMN authenticated_at SET NOT NULL,
    ALTER COLUMN last_used_at SET NOT NULL;

-- A shared secret of TOTP (RFC 6238), sealed with AES-256-GCM under the master key.
-- A code is good once: only a time step after last_step is accepted.
CREATE TABLE access.totp (
    learner_id    uuid PRIMARY KEY,
    enrolment_id  uuid NOT NULL,
    sealed_secret bytea NOT NULL,
    started_at    timestamptz NOT NULL,
    confirmed_at  timestamptz,                     -- null: not proved yet
    last_step     bigint NOT NULL DEFAULT 0
);

-- A recovery code is good once: using it deletes it. HMAC-SHA256 under a key of the master key.
CREATE TABLE access.recovery_codes (
    learner_id uuid NOT NULL,
    code_hash  bytea NOT NULL CHECK (octet_length(code_hash) = 32),
    PRIMARY KEY (learner_id, code_hash)
);

-- A log-in whose first factor was right and that waits for the second.
CREATE TABLE access.login_challenges (
    token_hash    bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),    -- SHA-256
    learner_id    uuid NOT NULL,
    factors       text[] NOT NULL,
    tries_left    integer NOT NULL,
    expires_at    timestamptz NOT NULL
);

CREATE INDEX login_challenges_by_expiry ON access.login_challenges (expires_at);

-- Secrets of service accounts: 256 random bits each, so a plain hash can't be guessed at.
CREATE TABLE access.client_secrets (
    secret_id          uuid PRIMARY KEY,
    service_account_id uuid NOT NULL,
    secret_hash        bytea NOT NULL CHECK (octet_length(secret_hash) = 32), -- SHA-256
    created_at         timestamptz NOT NULL,
    expires_at         timestamptz,                -- null: never
    last_used_at       timestamptz
);

CREATE INDEX client_secrets_of_account ON access.client_secrets (service_account_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON access.totp, access.recovery_codes,
    access.login_challenges, access.client_secrets TO lms_write;
GRANT DELETE ON access.signing_keys TO lms_write;
GRANT SELECT (session_id, learner_id, started_at, authenticated_at, last_used_at, expires_at,
    ended_at, factors, client) ON access.sessions TO lms_read;
GRANT SELECT (learner_id, confirmed_at) ON access.totp TO lms_read;
GRANT SELECT (learner_id) ON access.recovery_codes TO lms_read;
GRANT SELECT (secret_id, service_account_id, created_at, expires_at, last_used_at)
    ON access.client_secrets TO lms_read;
