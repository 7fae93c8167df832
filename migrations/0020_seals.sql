-- The seals of the log: a dense number and a leaf hash for every event, the Merkle tree over them
-- (RFC 9162), its signed checkpoints, and the keys that sign. Rows are only ever inserted.

CREATE SCHEMA seals;

CREATE TABLE seals.leaves (
    number   bigint PRIMARY KEY CHECK (number >= 0),       -- dense, in the order of positions
    position bigint NOT NULL CONSTRAINT leaves_position UNIQUE,
    hash     bytea  NOT NULL CHECK (octet_length(hash) = 32)
);

-- Complete interior nodes of every fourth level: (level, index) covers the leaves from
-- index * 2^level. Others are computed from these; a proof reads some tens of rows.
CREATE TABLE seals.nodes (
    level smallint NOT NULL CHECK (level > 0 AND level % 4 = 0),
    index bigint   NOT NULL CHECK (index >= 0),
    hash  bytea    NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (level, index)
);

-- The newest generation signs. The private half is wrapped by the master key, and bound to the rest
-- of the row, so a row that somebody else adds is found.
CREATE TABLE seals.signing_keys (
    generation         integer     PRIMARY KEY CHECK (generation > 0),
    kid                text        NOT NULL UNIQUE,           -- RFC 7638 thumbprint
    origin             text        NOT NULL,                  -- the log's name in its checkpoints
    public_key         bytea       NOT NULL CHECK (octet_length(public_key) = 32),
    sealed_private_key bytea       NOT NULL,
    created_at         timestamptz NOT NULL DEFAULT now()
);

-- `note` is what was signed, with its signature; the other columns repeat it for queries.
CREATE TABLE seals.checkpoints (
    size      bigint      PRIMARY KEY CHECK (size > 0),
    root      bytea       NOT NULL CHECK (octet_length(root) = 32),
    signed_at timestamptz NOT NULL,
    kid       text        NOT NULL REFERENCES seals.signing_keys (kid),
    note      text        NOT NULL
);

GRANT USAGE ON SCHEMA seals TO lms_seal, lms_read;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA seals TO lms_seal;
GRANT SELECT ON seals.leaves, seals.nodes, seals.checkpoints TO lms_read;
GRANT SELECT (generation, kid, origin, public_key, created_at) ON seals.signing_keys TO lms_read;
GRANT USAGE ON SCHEMA event_store TO lms_seal;
GRANT SELECT ON event_store.events, event_store.log TO lms_seal;
