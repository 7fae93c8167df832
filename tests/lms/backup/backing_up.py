"""Systems to back up and to restore into, for tests."""

import base64
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from access.actor import Actor
from commands.context import Context, Recorded
from commands.course import CreateCourse
from domain.roles import Role
from event_store.epoch import set_epoch
from lms.backup.restoring import Wanted
from lms.backup.retention import archives
from lms.backup.taking import Backup
from lms.composition import CommandSide, command_side
from lms.embedded.postgres import EmbeddedPostgres
from lms.settings import Settings, as_role
from tests.servers.postgres import PASSWORD

KEY = base64.b64encode(bytes(range(32))).decode()
ADMIN = Actor(id=uuid4(), roles=frozenset({Role.ADMIN}))
EVENTS = "SELECT position, stream_id, version, type, data::text FROM event_store.events"
MANY_TRANSACTIONS = 5_000_000
URL = "_database_url"
ROLES = [name.removesuffix(URL) for name in Settings.__struct_fields__ if name.endswith(URL)]
"""Of every one the tests' server has one password; another would change it for all."""


def settings_of(
    owner_url: str, nats_url: str, folder: Path, master_key: str, *, password: str = PASSWORD
) -> Settings:
    """The settings of a system in a database that may be empty."""
    roles = {
        f"LMS_{role.upper()}_DATABASE_URL": as_role(owner_url, f"lms_{role}", password)
        for role in ROLES
    }
    return Settings.load(
        {
            "LMS_DATA_DIR": str(folder),
            "DATABASE_URL": owner_url,
            "NATS_URL": nats_url,
            "LMS_MASTER_KEY": master_key,
            **roles,
        }
    )


def new_database(server: EmbeddedPostgres, name: str, template: str = "template1") -> str:
    """The owner's URL of a new database."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return server.url(name)


def drop_database(server: EmbeddedPostgres, name: str) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def with_many_transactions_behind_it(owner_url: str) -> None:
    """As if the cluster had run for years: positions are far higher than a new cluster's."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        set_epoch(owner, MANY_TRANSACTIONS)


def rows(owner_url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(owner_url) as owner:
        return owner.execute(query.encode()).fetchall()


def heard() -> tuple[list[str], Callable[[str], None]]:
    lines: list[str] = []
    return lines, lines.append


class Saved:
    """A seeded system, and the backup that was made of it while it was written to."""

    def __init__(self, settings: Settings, backup: Backup, folder: Path) -> None:
        self.settings = settings
        self.backup = backup
        self.folder = folder

    def copy(self, folder: Path) -> Wanted:
        """Copies of its archives, to be spoilt."""
        shutil.copytree(self.folder, folder)
        history, keys = archives(folder / "history", "history"), archives(folder / "keys", "keys")
        return Wanted(history[0], keys[0])

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.backup.history, self.backup.keys)


@contextmanager
def written_to(settings: Settings) -> Iterator[Callable[[], int]]:
    """Commands come one after the other while the block runs; yields what says how many."""
    done: list[Recorded] = []
    stop = threading.Event()

    def write() -> None:
        with command_side(settings, connections=2) as side:
            while not stop.is_set():
                done.append(create_course(side))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield lambda: len(done)
    finally:
        stop.set()
        thread.join()


def create_course(side: CommandSide) -> Recorded:
    now = datetime.now(UTC)
    context = Context(actor=ADMIN, now=now, correlation_id=uuid4(), command_id=uuid4())
    return side.dispatcher.dispatch(CreateCourse(title="Knots"), context)


def environment_of(settings: Settings, key: str = KEY) -> dict[str, str]:
    return settings.environment() | {"LMS_MASTER_KEY": key}
