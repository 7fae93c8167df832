-- The keys are compared by code point, as the library that reads SCIM filters compares texts.
CREATE TABLE scim_user (
    id                  uuid        PRIMARY KEY,
    external_id         text        COLLATE "C",
    username            text        NOT NULL,
    username_key        text        COLLATE "C" NOT NULL,
    email               text        NOT NULL,
    email_key           text        COLLATE "C" NOT NULL,
    full_name           text        NOT NULL,
    full_name_key       text        COLLATE "C" NOT NULL,
    given_name          text,
    given_name_key      text        COLLATE "C",
    family_name         text,
    family_name_key     text        COLLATE "C",
    employee_number     text,
    employee_number_key text        COLLATE "C",
    language            text        NOT NULL,
    language_key        text        COLLATE "C" NOT NULL,
    time_zone           text        NOT NULL,
    time_zone_key       text        COLLATE "C" NOT NULL,
    department          text,
    department_key      text        COLLATE "C",
    job_role            text,
    job_role_key        text        COLLATE "C",
    manager_id          uuid,
    roles               text[]      NOT NULL,
    active              boolean     NOT NULL DEFAULT true,
    deprovisioned       boolean     NOT NULL DEFAULT false,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL
);

CREATE INDEX scim_user_listed ON scim_user (id) WHERE NOT deprovisioned;
CREATE INDEX scim_user_external_id ON scim_user (external_id, id) WHERE NOT deprovisioned;
CREATE INDEX scim_user_username ON scim_user (username_key, id) WHERE NOT deprovisioned;
CREATE INDEX scim_user_email ON scim_user (email_key, id) WHERE NOT deprovisioned;
CREATE INDEX scim_user_full_name ON scim_user (full_name_key, id) WHERE NOT deprovisioned;
CREATE INDEX scim_user_updated ON scim_user (updated_at, id) WHERE NOT deprovisioned;
CREATE INDEX scim_user_department ON scim_user (department_key, id) WHERE NOT deprovisioned;
CREATE INDEX scim_user_manager ON scim_user (manager_id) WHERE NOT deprovisioned;

-- The planner's statistics would be copies of what is said about people.
ALTER TABLE scim_user
    ALTER COLUMN external_id SET STATISTICS 0,
    ALTER COLUMN username SET STATISTICS 0,
    ALTER COLUMN username_key SET STATISTICS 0,
    ALTER COLUMN email SET STATISTICS 0,
    ALTER COLUMN email_key SET STATISTICS 0,
    ALTER COLUMN full_name SET STATISTICS 0,
    ALTER COLUMN full_name_key SET STATISTICS 0,
    ALTER COLUMN given_name SET STATISTICS 0,
    ALTER COLUMN given_name_key SET STATISTICS 0,
    ALTER COLUMN family_name SET STATISTICS 0,
    ALTER COLUMN family_name_key SET STATISTICS 0,
    ALTER COLUMN employee_number SET STATISTICS 0,
    ALTER COLUMN employee_number_key SET STATISTICS 0;
