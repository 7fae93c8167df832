CREATE TABLE consent_purpose (
    id           uuid        PRIMARY KEY,
    code         text        NOT NULL UNIQUE,
    text_version integer     NOT NULL DEFAULT 1,  -- the wording that is asked for now
    retired      boolean     NOT NULL DEFAULT false,
    described_at timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    version      bigint      NOT NULL
);

-- Every wording that there ever was: it is what people have consented to.
CREATE TABLE consent_wording (
    purpose      text        NOT NULL,
    text_version integer     NOT NULL,
    texts        jsonb       NOT NULL,  -- language -> {title, text}
    since        timestamptz NOT NULL,
    PRIMARY KEY (purpose, text_version)
);

CREATE TABLE consent (
    id           uuid        PRIMARY KEY,
    learner_id   uuid        NOT NULL,
    purpose      text        NOT NULL,
    text_version integer     NOT NULL,  -- the wording last consented to
    language     text,
    given_at     timestamptz NOT NULL,
    withdrawn_at timestamptz,
    version      bigint      NOT NULL,
    UNIQUE (learner_id, purpose)
);

CREATE INDEX consent_given ON consent (given_at, id);
CREATE INDEX consent_learner ON consent (learner_id, given_at, id);
CREATE INDEX consent_of_purpose ON consent (purpose, given_at, id);
