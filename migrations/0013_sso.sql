-- Single sign-on: log-ins under way, and which sessions here belong to which session there.
-- What happened stands in the log; here is what a check needs right now, and no secret in clear.

-- From the redirect to the provider until its answer; gone as soon as it is used.
CREATE TABLE access.sso_logins (
    state_hash   bytea PRIMARY KEY CHECK (octet_length(state_hash) = 32),     -- SHA-256
    browser_hash bytea NOT NULL CHECK (octet_length(browser_hash) = 32),      -- SHA-256
    provider     text NOT NULL,
    nonce        bytea NOT NULL,                  -- both sealed under the master key
    verifier     bytea NOT NULL,
    expires_at   timestamptz NOT NULL
);

CREATE INDEX sso_logins_by_expiry ON access.sso_logins (expires_at);

-- What a front end exchanges for tokens, once.
CREATE TABLE access.sso_codes (
    code_hash  bytea PRIMARY KEY CHECK (octet_length(code_hash) = 32),        -- SHA-256
    proof      bytea NOT NULL,                    -- who logged in, sealed under the master key
    expires_at timestamptz NOT NULL
);

CREATE INDEX sso_codes_by_expiry ON access.sso_codes (expires_at);

-- The other end of a session: how the provider calls it, for log-out in both directions.
CREATE TABLE access.sso_sessions (
    session_id   uuid PRIMARY KEY REFERENCES access.sessions ON DELETE CASCADE,
    provider     text NOT NULL,
    identity_id  uuid NOT NULL,                   -- the stream of issuer and subject
    sid_hash     bytea,                           -- null: the provider names no sessions
    sealed_token bytea NOT NULL                   -- the ID token, under the master key
);

CREATE INDEX sso_sessions_of_identity ON access.sso_sessions (identity_id);
CREATE INDEX sso_sessions_by_sid ON access.sso_sessions (sid_hash);

-- How a log-in that waits for the second factor began; null: by what its factors say.
ALTER TABLE access.login_challenges ADD COLUMN method text;

-- The same of a log-in that waits for the second factor here: what its session is going to be. It
-- goes with the challenge, and the challenge goes with it when the provider logs out meanwhile.
CREATE TABLE access.sso_challenges (
    token_hash   bytea PRIMARY KEY REFERENCES access.login_challenges ON DELETE CASCADE,
    provider     text NOT NULL,
    identity_id  uuid NOT NULL,
    sid_hash     bytea,
    sealed_token bytea NOT NULL
);

CREATE INDEX sso_challenges_of_identity ON access.sso_challenges (identity_id);
CREATE INDEX sso_challenges_by_sid ON access.sso_challenges (sid_hash);

-- Log-out tokens that were carried out: each is good once.
CREATE TABLE access.sso_logout_tokens (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),       -- of issuer and jti
    expires_at timestamptz NOT NULL
);

CREATE INDEX sso_logout_tokens_by_expiry ON access.sso_logout_tokens (expires_at);

-- Which accounts a provider or the directory vouches for: the same as the streams of identities say,
-- to be asked from the other side.
CREATE TABLE access.external_identities (
    identity_id uuid PRIMARY KEY,
    learner_id  uuid NOT NULL,
    provider    text NOT NULL,                    -- as the log calls it: oidc:corporate, ldap
    left_at     timestamptz                       -- when a sync missed them: it deactivated them
);

CREATE INDEX external_identities_of_learner ON access.external_identities (learner_id);
CREATE INDEX external_identities_of_provider ON access.external_identities (provider);

GRANT SELECT, INSERT, UPDATE, DELETE ON access.external_identities, access.sso_logins,
    access.sso_codes, access.sso_sessions, access.sso_challenges, access.sso_logout_tokens
    TO lms_write;
