"""The database to restore into. Nothing of it is touched until the restored one is complete.

Everything is restored into a draft beside it; then the two swap names in one transaction. Whatever
ends a restore before that leaves the target as it was.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec
import psycopg
from psycopg import Connection, errors, sql
from psycopg.rows import scalar_row

from lms.backup.errors import BackupFailed, Refused, TargetInUse
from lms.backup.manifest import Archive
from lms.settings import Settings

LOCK: Final = int.from_bytes(b"lms back", "big")
MAINTENANCE: Final = "postgres"

_ANY_TABLE = (
    "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname !~ '^pg_' AND"
    " schemaname <> 'information_schema')"
)
_EVENTS = "SELECT count(*) FROM event_store.events"
_SESSIONS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = %s AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


class Target:
    """The database of the settings, and a draft of it in the same cluster."""

    def __init__(self, settings: Settings, connection: Connection[Any]) -> None:
        self._connection = connection
        self._settings = settings
        self.name = unquote(urlsplit(settings.database_url).path.lstrip("/"))
        self.draft_name = f"{self.name}_restoring"
        self.major = connection.info.server_version // 10_000

    @property
    def draft(self) -> Settings:
        """The settings with the draft in the place of the database."""
        urls = {
            name: in_database(getattr(self._settings, name), self.draft_name)
            for name in Settings.__struct_fields__
            if name.endswith("database_url")
        }
        return msgspec.structs.replace(self._settings, **urls)

    def check(self, archive: Archive, replace: str | None) -> None:
        """Raises Refused for a server too old, TargetInUse unless it is empty and nobody is there.

        One that isn't empty may be replaced when `replace` is its name.
        """
        made_by = int(archive.manifest.postgres.partition(".")[0])
        if self.major < made_by:
            raise Refused(
                f"The backup is of PostgreSQL {made_by}; this server is {self.major}: older."
            )
        self._check_sessions()
        if replace not in (None, self.name):
            raise TargetInUse(f"The database here is {self.name}, not {replace}.")
        if replace is None and (held := self._contents()):
            raise TargetInUse(
                f"The database {self.name} is not empty: it holds {held}. With `--replace"
                f" {self.name}` it is put aside under another name, and the restored one takes its"
                " place."
            )

    def create_draft(self) -> None:
        """An empty database; what a restore that was cut short has left is dropped."""
        self.drop_draft()
        create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'")
        try:
            self._connection.execute(create.format(sql.Identifier(self.draft_name)))
        except errors.InsufficientPrivilege:
            raise BackupFailed(
                f"The role {self._connection.info.user} may not create databases: restoring needs"
                " one beside the target. `ALTER ROLE … CREATEDB` lets it."
            ) from None

    def drop_draft(self) -> None:
        """Removes the draft, if there is one."""
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._connection.execute(drop.format(sql.Identifier(self.draft_name)))

    def swap(self) -> str | None:
        """Gives the draft the name of the database, in one transaction.

        Returns the name under which the former database is kept; None when it was empty, and is
        gone. Raises TargetInUse when somebody has come into it meanwhile.
        """
        empty = not self._contents()
        aside = f"{self.name}_before_{datetime.now(UTC):%Y%m%d_%H%M%S}"
        rename = "ALTER DATABASE {} RENAME TO {}"
        try:
            with self._connection.transaction():
                for old, new in ((self.name, aside), (self.draft_name, self.name)):
                    names = sql.Identifier(old), sql.Identifier(new)
                    self._connection.execute(sql.SQL(rename).format(*names))
        except errors.ObjectInUse:
            raise TargetInUse(
                f"Somebody uses the database {self.name}. Stop everything that does, and restore"
                " again."
            ) from None
        if not empty:
            return aside
        self._connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(aside)))
        return None

    def _check_sessions(self) -> None:
        cursor = self._connection.cursor(row_factory=scalar_row)
        if sessions := cursor.execute(_SESSIONS, [self.name]).fetchone():
            raise TargetInUse(
                f"{sessions} sessions use the database {self.name}: stop every process of the"
                " system first."
            )

    def _contents(self) -> str:
        """What it holds, in words; empty when that is nothing, or a log without an event."""
        with psycopg.connect(self._settings.database_url, autocommit=True) as connection:
            cursor = connection.cursor(row_factory=scalar_row)
            try:
                events = cursor.execute(_EVENTS).fetchone()
            except (errors.UndefinedTable, errors.InvalidSchemaName):
                return "tables" if cursor.execute(_ANY_TABLE).fetchone() else ""
        return f"{events:,} events" if events else ""


@contextmanager
def target_of(settings: Settings) -> Iterator[Target]:
    """The target, for one restore at a time. Raises TargetInUse when another one is under way."""
    maintenance = in_database(settings.database_url, MAINTENANCE)
    with psycopg.connect(maintenance, autocommit=True) as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
        if row != (True,):
            raise TargetInUse("Another restore into this cluster is under way.")
        yield Target(settings, connection)


def in_database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
