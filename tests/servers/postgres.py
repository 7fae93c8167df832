"""Postgres for tests: one server for all, one new database for each test that asks."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import msgspec
import psycopg
import pytest

from lms import migrate
from lms.data_folder import free_port
from lms.embedded.postgres import FAST_AND_LOOSE, EmbeddedPostgres
from lms.settings import as_role
from tests.servers.folder import server_folder

PASSWORD = "only-for-tests"
TEMPLATE = "template_lms"
_numbers = count(1)


class Database(msgspec.Struct, frozen=True):
    """A migrated database, as each of its roles."""

    name: str
    owner_url: str
    write_url: str
    read_url: str
    project_url: str
    seal_url: str


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    """Where the servers of this process keep their data."""
    with server_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres(postgres_folder: Path) -> Iterator[EmbeddedPostgres]:
    """A running Postgres, shared: for its databases only, not to be stopped."""
    server = new_server(postgres_folder / "shared", FAST_AND_LOOSE)
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def migrated_template(postgres: EmbeddedPostgres) -> str:
    """The name of a migrated database to copy."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    migrated(postgres, TEMPLATE)
    return TEMPLATE


@pytest.fixture
def database(postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[Database]:
    """An empty, migrated database of this test alone."""
    yield from _copied(postgres, migrated_template)


@pytest.fixture(scope="module")
def module_database(postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[Database]:
    """An empty, migrated database of the tests of one module."""
    yield from _copied(postgres, migrated_template)


@pytest.fixture(scope="session")
def shared_database(postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[Database]:
    """A migrated database for tests that don't mind what others have left in it."""
    yield from _copied(postgres, migrated_template)


@pytest.fixture
def empty_database(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The owner's URL of a database without anything in it."""
    for copy in _copied(postgres, "template1"):
        yield copy.owner_url


@pytest.fixture
def postgres_server(postgres_folder: Path) -> Iterator[EmbeddedPostgres]:
    """A running Postgres of this test alone, to be stopped, killed and started at will.

    It is not migrated: see `migrated`.
    """
    server = new_server(postgres_folder / f"own-{next(_numbers)}", {})
    server.start()
    yield server
    server.remove()


def new_server(folder: Path, options: dict[str, str]) -> EmbeddedPostgres:
    """A Postgres that is not started yet, with its log beside its folder."""
    return EmbeddedPostgres(
        folder,
        port=free_port(),
        password=PASSWORD,
        log=folder.with_suffix(".log"),
        options=options,
    )


def migrated(server: EmbeddedPostgres, name: str = "lms") -> Database:
    """Migrates one of a server's databases, which must exist."""
    found = _database(server, name)
    for role, url in (
        ("lms_write", found.write_url),
        ("lms_read", found.read_url),
        ("lms_project", found.project_url),
        ("lms_seal", found.seal_url),
    ):
        migrate.ensure_role(found.owner_url, role, url)
    migrate.apply(found.owner_url, migrate.FOLDER)
    return found


def _database(server: EmbeddedPostgres, name: str) -> Database:
    owner_url = server.url(name)
    return Database(
        name,
        owner_url,
        as_role(owner_url, "lms_write", PASSWORD),
        as_role(owner_url, "lms_read", PASSWORD),
        as_role(owner_url, "lms_project", PASSWORD),
        as_role(owner_url, "lms_seal", PASSWORD),
    )


def _copied(server: EmbeddedPostgres, template: str) -> Iterator[Database]:
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield _database(server, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
