-- Every type of event that the log has. The id is a hash of the name.
CREATE TABLE audit_type (
    id   integer PRIMARY KEY,
    name text    NOT NULL,
    kind text    NOT NULL
);

-- One entry for each way in which an event bears on an id (event_store/bearing.py). What is asked
-- for is always read as runs of one id, one bearing and one type in the order of the log: so a page
-- takes as many steps as it has events, whatever else the log holds. The columns fill the key
-- without a gap.
CREATE TABLE audit_entry (
    id       uuid     NOT NULL,
    bearing  smallint NOT NULL,
    type     integer  NOT NULL,
    position bigint   NOT NULL,
    PRIMARY KEY (id, bearing, type, position)
) WITH (
    autovacuum_vacuum_insert_scale_factor = 0.02,
    autovacuum_analyze_scale_factor = 0.02
);

-- From which addresses, hashed, somebody has acted: what is to be forgotten with them.
CREATE TABLE audit_address (
    actor   uuid NOT NULL,
    address uuid NOT NULL,
    PRIMARY KEY (actor, address)
);

-- Between which positions the events stand that were recorded in a minute.
CREATE TABLE audit_minute (
    minute timestamptz PRIMARY KEY,
    first  bigint      NOT NULL,
    last   bigint      NOT NULL
) WITH (fillfactor = 50);
