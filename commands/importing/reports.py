"""What is kept of imports that are over: a row for each line of the file, for a while."""

from datetime import datetime

from psycopg_pool import ConnectionPool


def forget_reports(pool: ConnectionPool, ended_before: datetime) -> int:
    """Deletes the reports of imports that ended before then; how many. Needs `lms_write`."""
    with pool.connection() as connection:
        return connection.execute(
            "DELETE FROM provisioning.imports WHERE ended_at < %s", (ended_before,)
        ).rowcount
