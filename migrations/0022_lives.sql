-- The read API tells auditors what a stream was like at any version. It begins at the snapshot
-- before it, where a stream is long; snapshots are as personal as the log, and sealed like it.

GRANT SELECT ON event_store.snapshots TO lms_read;
