CREATE TABLE notification (
    id         uuid        PRIMARY KEY,
    learner_id uuid        NOT NULL,
    kind       text        NOT NULL,
    subject_id uuid        NOT NULL,
    text_key   text        NOT NULL,
    params     jsonb       NOT NULL,
    created_at timestamptz NOT NULL,
    read_at    timestamptz,
    updated_at timestamptz NOT NULL,
    version    bigint      NOT NULL
);

CREATE INDEX notification_learner ON notification (learner_id, created_at, id);
CREATE INDEX notification_unread ON notification (learner_id, created_at, id)
    WHERE read_at IS NULL;
