CREATE TABLE organization (
    id         uuid        PRIMARY KEY,
    updated_at timestamptz NOT NULL,
    version    bigint      NOT NULL
);

CREATE TABLE department (
    id        uuid   PRIMARY KEY,
    name      text   NOT NULL,
    parent_id uuid,
    path      uuid[] NOT NULL  -- from the top down to itself
);

CREATE INDEX department_path ON department USING gin (path);
