CREATE TABLE erasure (
    id           uuid        PRIMARY KEY,
    learner_id   uuid        NOT NULL,
    legal_basis  text        NOT NULL,
    state        text        NOT NULL DEFAULT 'requested',
    requested_by uuid,
    requested_at timestamptz NOT NULL,
    decided_by   uuid,                 -- who approved or refused; NULL when nobody else was needed
    decided_at   timestamptz,
    ground       text,                 -- of a refusal
    reason       text,
    scrubbed_at  timestamptz,
    places       text[],
    version      bigint      NOT NULL
);

CREATE INDEX erasure_requested ON erasure (requested_at, id);
CREATE INDEX erasure_learner ON erasure (learner_id, requested_at, id);
CREATE INDEX erasure_state ON erasure (state, requested_at, id);
