-- Passwords that were, links to a new one, mail that is to be sent, refusals that are to be told.
-- None of it is history: what happened stands in the log, and no secret stands anywhere.

CREATE TABLE access.former_passwords (
    learner_id    uuid NOT NULL,
    changed_at    timestamptz NOT NULL,            -- when it was set
    password_hash text NOT NULL,                   -- argon2id, as in access.credentials
    PRIMARY KEY (learner_id, changed_at)
);

-- "Somebody has forgotten the password of this name": written in the same way for every name,
-- looked up later by whoever sends the mail. Names are the ids of their index streams.
CREATE TABLE access.reset_wishes (
    wish_id        uuid PRIMARY KEY,
    username_id    uuid NOT NULL,
    email_id       uuid NOT NULL,
    network        text,                           -- keyed hash
    correlation_id uuid NOT NULL,
    wished_at      timestamptz NOT NULL
);

CREATE INDEX reset_wishes_by_age ON access.reset_wishes (wished_at);

-- The token of a link exists in the mail only; a link that is used or replaced is deleted.
CREATE TABLE access.reset_tokens (
    reset_id   uuid PRIMARY KEY,
    learner_id uuid NOT NULL,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),   -- SHA-256
    expires_at timestamptz NOT NULL
);

CREATE INDEX reset_tokens_of_learner ON access.reset_tokens (learner_id);
CREATE INDEX reset_tokens_by_expiry ON access.reset_tokens (expires_at);

-- Written in the transaction of the event that is the reason for the mail, deleted once it is
-- sent. The text is made when it is sent; the address is looked up in the log.
CREATE TABLE access.outgoing_mail (
    mail_id        uuid PRIMARY KEY,
    learner_id     uuid NOT NULL,
    kind           text NOT NULL,
    wanted_at      timestamptz NOT NULL,
    due_at         timestamptz NOT NULL,
    attempts       integer NOT NULL DEFAULT 0,
    last_error     text                            -- its kind, never what a server said
);

CREATE INDEX outgoing_mail_by_due ON access.outgoing_mail (due_at);
CREATE INDEX outgoing_mail_of_learner ON access.outgoing_mail (learner_id);

-- Refused log-ins and the like are counted here and told to the log as sums: whoever knocks a
-- million times makes a row, not a million events.
CREATE TABLE access.refusals (
    key          bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    kind         text NOT NULL,
    reason       text NOT NULL,
    learner_id   uuid,
    name_hash    text,                             -- keyed hash of the last unknown name
    network      text,                             -- keyed hash of the last network
    address      text,                             -- only beside a learner, sealed in the log
    counted      bigint NOT NULL,
    told         bigint NOT NULL DEFAULT 0,
    first_at     timestamptz NOT NULL,             -- of those not told yet
    last_at      timestamptz NOT NULL,
    tell_at      timestamptz,                      -- null: everything is told
    pause        interval NOT NULL
);

CREATE INDEX refusals_to_tell ON access.refusals (tell_at) WHERE tell_at IS NOT NULL;
CREATE INDEX refusals_by_age ON access.refusals (last_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON access.former_passwords, access.reset_wishes,
    access.reset_tokens, access.outgoing_mail, access.refusals TO lms_write;
