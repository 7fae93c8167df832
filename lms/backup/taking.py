"""Makes a backup of a running system: two archives of one instant."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import msgspec
import psycopg
from psycopg import Connection, IsolationLevel
from psycopg.rows import dict_row

from lms.backup import manifest
from lms.backup.contents import BUILDS, VIEWS, Place, Table, placed, tables
from lms.backup.errors import BackupFailed
from lms.backup.manifest import Archive, Manifest
from lms.backup.programs import Programs, programs_for
from lms.data_folder import DataFolder
from lms.settings import Settings

Say = Callable[[str], None]
Kind = Literal["history", "keys"]

JOBS: Final = 2
PEOPLE: Final = "people.csv"
"""Who has or had a key, beside the dump of the history: ids and instants, no keys."""
_COPY_PEOPLE = (
    "COPY (SELECT person_id, created_at, destroyed_at FROM event_store.personal_keys"
    " ORDER BY person_id) TO STDOUT (FORMAT csv, HEADER)"
)


class Backup(NamedTuple):
    """Both archives of one instant."""

    history: Archive
    keys: Archive


class _Instant(NamedTuple):
    """A snapshot that pg_dump can join, and the connection that holds it open."""

    connection: Connection[Any]
    snapshot: str
    tables: list[Table]


def take(settings: Settings, to: Path, keys_to: Path, say: Say) -> Backup:
    """Writes an archive of the history into a new folder in `to`, one of the keys in `keys_to`.

    Writes go on meanwhile; both archives show the same instant. An archive has its final name
    only when it is complete and on disk.
    Raises BackupFailed, and psycopg.OperationalError when the server can't be reached.
    """
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    with _alone_in(to), _alone_in(keys_to), _instant(settings.database_url) as instant:
        connection = instant.connection
        programs = programs_for(
            connection.info.server_version // 10_000, embedded=settings.embedded_postgres
        )
        told = _told(instant, programs, settings, name)
        with _folder(keys_to, name) as folder:
            _dump_keys(folder, settings.database_url, instant, programs)
            manifest.write(folder, msgspec.structs.replace(told, kind="keys"))
        keys = _finished(keys_to / name, "keys", say)
        with _folder(to, name) as folder:
            _dump_history(folder, settings.database_url, instant, programs)
            with (
                manifest.private_file(folder / PEOPLE) as file,
                connection.cursor().copy(_COPY_PEOPLE) as out,
            ):
                for block in out:
                    file.write(block)
            manifest.write(folder, told)
    return Backup(_finished(to / name, "history", say), keys)


def _finished(folder: Path, kind: Kind, say: Say) -> Archive:
    archive = manifest.opened(folder, kind)
    say(f"{kind}: {archive.size / 1e6:,.1f} MB in {folder}")
    return archive


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """One backup at a time; what a killed one has left is deleted."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with DataFolder(folder).claim("backup") as alone:
        if not alone:
            raise BackupFailed(f"another backup is writing to {folder}")
        yield


@contextmanager
def _folder(parent: Path, name: str) -> Iterator[Path]:
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in parent.glob(f"*{manifest.UNFINISHED}"):
        shutil.rmtree(left)
    draft = parent / f"{name}{manifest.UNFINISHED}"
    draft.mkdir(mode=0o700)
    yield draft
    draft.rename(parent / name)
    handle = os.open(parent, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


@contextmanager
def _instant(url: str) -> Iterator[_Instant]:
    with psycopg.connect(url) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        # It waits while pg_dump works. Reading only, it holds up neither writers nor the tail.
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        yield _Instant(connection, row[0], tables(connection))


def _told(instant: _Instant, programs: Programs, settings: Settings, name: str) -> Manifest:
    cursor = instant.connection.cursor(row_factory=dict_row)
    facts = cursor.execute(
        "SELECT now() AS taken_at, current_setting('server_version') AS postgres,"
        " event_store.epoch() AS epoch,"
        " (SELECT count(*) FROM event_store.events) AS events,"
        " (SELECT coalesce(max(position), 0) FROM event_store.events) AS position,"
        " (SELECT count(*) FROM event_store.personal_keys) AS people,"
        " (SELECT count(destroyed_at) FROM event_store.personal_keys) AS erased"
    ).fetchone()
    assert facts is not None
    applied = cursor.execute("SELECT migration_id FROM _yoyo_migration ORDER BY 1").fetchall()
    return Manifest(
        kind="history",
        name=name,
        lms=version("lms"),
        pg_dump=programs.version,
        migrations=[row["migration_id"] for row in applied],
        master_key=settings.master_key.key_id,
        seals=_checkpoint(instant),
        left_out=[str(table) for table in placed(instant.tables, Place.NOWHERE)],
        files={},
        **facts,
    )


def _checkpoint(instant: _Instant) -> dict[str, Any] | None:
    """The last signed checkpoint of the seals, where the log is sealed."""
    if Table("seals", "checkpoints") not in instant.tables:
        return None
    row = instant.connection.execute(
        "SELECT to_jsonb(c) FROM seals.checkpoints c ORDER BY size DESC LIMIT 1"
    ).fetchone()
    return dict(row[0]) if row else None


def _dump_history(folder: Path, url: str, instant: _Instant, programs: Programs) -> None:
    apart = [
        *placed(instant.tables, Place.KEYS),
        *placed(instant.tables, Place.NOWHERE),
    ]
    programs.dump(
        url,
        *(*_DIRECTORY, f"--file={folder / manifest.DUMP}", f"--snapshot={instant.snapshot}"),
        *(f"--jobs={JOBS}", f"--exclude-schema={BUILDS}", f"--exclude-table={VIEWS}"),
        *(f"--exclude-table-data={table}" for table in apart),
    )


def _dump_keys(folder: Path, url: str, instant: _Instant, programs: Programs) -> None:
    programs.dump(
        url,
        *(*_DIRECTORY, f"--file={folder / manifest.DUMP}", f"--snapshot={instant.snapshot}"),
        "--data-only",
        *(f"--table={table}" for table in placed(instant.tables, Place.KEYS)),
    )


_DIRECTORY = ("--format=directory", "--no-owner")
