CREATE TABLE service_account (
    id          uuid        PRIMARY KEY,
    name        text        NOT NULL,
    description text,
    roles       text[]      NOT NULL,
    scopes      text[],
    enabled     boolean     NOT NULL DEFAULT true,
    created_by  uuid,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    version     bigint      NOT NULL
);

CREATE INDEX service_account_created ON service_account (created_at, id);

CREATE TABLE client_secret (
    id                 uuid        PRIMARY KEY,
    service_account_id uuid        NOT NULL,
    created_at         timestamptz NOT NULL,
    expires_at         timestamptz
);

CREATE INDEX client_secret_account ON client_secret (service_account_id);
