-- How far each read model is, what it could not apply, and the views that clients' queries read.

CREATE SCHEMA projections;
CREATE SCHEMA read_models;

-- One row for each built set of tables. The tables of one projection stand in a schema of their
-- own, so that a new version is built beside the one that serves.
CREATE TABLE projections.position (
    schema     text        PRIMARY KEY,
    name       text        NOT NULL,
    version    integer     NOT NULL,
    position   bigint      NOT NULL DEFAULT 0,
    state      text        NOT NULL CHECK (state IN ('live', 'building', 'retired')),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX position_live ON projections.position (name) WHERE state = 'live';

-- Events that a projection could not apply, and the later ones of the same stream that wait
-- behind them (those have no error of their own).
CREATE TABLE projections.parked (
    schema     text        NOT NULL REFERENCES projections.position ON DELETE CASCADE,
    position   bigint      NOT NULL,
    projection text        NOT NULL,
    version    integer     NOT NULL,
    stream_id  uuid        NOT NULL,
    type       text        NOT NULL,
    error      text,
    parked_at  timestamptz NOT NULL DEFAULT now(),
    attempts   integer     NOT NULL DEFAULT 1,
    PRIMARY KEY (schema, position)
);
CREATE INDEX parked_stream ON projections.parked (schema, stream_id, position);

-- Moves a position on, and fails when somebody else has moved it: whoever applies events calls it
-- first in the transaction that holds their rows, so no event is ever applied twice.
CREATE FUNCTION projections.advance(of_schema text, from_position bigint, to_position bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE projections.position SET position = to_position, updated_at = now()
    WHERE schema = of_schema AND position = from_position AND state <> 'retired';
    IF NOT FOUND THEN
        RAISE EXCEPTION '% is no longer at position %', of_schema, from_position
            USING ERRCODE = 'LMS01';
    END IF;
END
$$;

-- The projector makes and drops the schemas of builds, and no others.
CREATE FUNCTION projections.create_schema(schema text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF schema !~ '^[a-z_]+_v[0-9]+(_b[0-9]+)?$' THEN
        RAISE EXCEPTION '% is no name for a build', schema;
    END IF;
    EXECUTE format('CREATE SCHEMA %I', schema);
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO lms_project', schema);
END
$$;

CREATE FUNCTION projections.drop_schema(schema text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF schema !~ '^[a-z_]+_v[0-9]+(_b[0-9]+)?$' THEN
        RAISE EXCEPTION '% is no name for a build', schema;
    END IF;
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', schema);
END
$$;

REVOKE ALL ON FUNCTION projections.create_schema(text), projections.drop_schema(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION projections.create_schema(text), projections.drop_schema(text)
    TO lms_project;
GRANT USAGE, CREATE ON SCHEMA read_models TO lms_project;
GRANT USAGE ON SCHEMA projections TO lms_project, lms_read;
GRANT SELECT, INSERT, UPDATE, DELETE ON projections.position, projections.parked TO lms_project;
GRANT SELECT ON projections.position, projections.parked TO lms_read;
GRANT USAGE ON SCHEMA read_models TO lms_read;
