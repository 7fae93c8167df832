DELETE FROM staged WHERE position IN (SELECT position FROM raw.parked WHERE position > $after);
