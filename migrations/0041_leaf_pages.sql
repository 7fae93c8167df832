-- Leaves lie in pages of up to 32: one row and two index entries for all of them, where each had its
-- own. Sealing writes 60 bytes of log an event instead of 203, and half the work of it is gone.
-- 32 leaves stay below the size from which Postgres would store them elsewhere (TOAST).

CREATE TABLE seals.leaf_pages (
    first     bigint   PRIMARY KEY CHECK (first >= 0),         -- the number of its first leaf
    positions bigint[] NOT NULL,                               -- of the events
    hashes    bytea[]  NOT NULL,                               -- of their leaves
    CHECK (cardinality(positions) BETWEEN 1 AND 32),
    CHECK (cardinality(hashes) = cardinality(positions))
);
CREATE UNIQUE INDEX leaf_pages_position ON seals.leaf_pages ((positions[1]));

-- A page ends where numbers aren't dense: whatever is missing stays so.
INSERT INTO seals.leaf_pages
SELECT min(number), array_agg(position ORDER BY number), array_agg(hash ORDER BY number)
FROM (
    SELECT *, number - row_number() OVER (ORDER BY number) AS dense FROM seals.leaves
) AS leaf
GROUP BY dense, number / 32;

DROP TABLE seals.leaves;

CREATE VIEW seals.leaves WITH (security_invoker) AS
SELECT first + place - 1 AS number, position, hash, first
FROM seals.leaf_pages, unnest(positions, hashes) WITH ORDINALITY AS leaf (position, hash, place);

-- The leaf with a number; none when there is none.
CREATE FUNCTION seals.leaf(wanted bigint) RETURNS TABLE ("position" bigint, hash bytea)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 BEGIN ATOMIC
    SELECT positions[wanted - first + 1], hashes[wanted - first + 1]
    FROM (
        SELECT * FROM seals.leaf_pages WHERE first <= wanted ORDER BY first DESC LIMIT 1
    ) AS page
    WHERE wanted - first < cardinality(positions);
END;

-- The number of the leaf of the event at a position; NULL when it isn't sealed.
CREATE FUNCTION seals.number_at(wanted bigint) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE RETURN (
    SELECT first + array_position(positions, wanted) - 1
    FROM (
        SELECT * FROM seals.leaf_pages
        WHERE positions[1] <= wanted ORDER BY positions[1] DESC LIMIT 1
    ) AS page
);

GRANT SELECT, INSERT ON seals.leaf_pages TO lms_seal;
GRANT SELECT ON seals.leaf_pages TO lms_read;
GRANT SELECT ON seals.leaves TO lms_seal, lms_read;
