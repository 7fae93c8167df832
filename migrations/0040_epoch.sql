-- The epoch becomes a function that names a constant: it is planned into every append and every
-- read of the log, which looked it up in a table of one row each time (a tenth of what an append
-- costs the server). Immutable, though `lms epoch mend` replaces it: that invalidates every plan.
DO $$
BEGIN
    EXECUTE format(
        'CREATE FUNCTION event_store.epoch() RETURNS bigint'
        ' LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN %s::bigint',
        (SELECT epoch FROM event_store.log)
    );
END
$$;

DROP TABLE event_store.log;
