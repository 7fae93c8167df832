"""A log with its sealer, and a superuser who may do anything to the database."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from event_store.application import Log
from event_store.seals.sealer import LOCK
from tests.event_store.conftest import MASTER_KEY
from tests.event_store.seals.sealing import Owner, Sealing
from tests.event_store.seals.superuser import History
from tests.servers.postgres import Database


@pytest.fixture(scope="module")
def log_of_module(module_database: Database) -> Iterator[Log]:
    with Log(module_database.write_url, MASTER_KEY) as log:
        yield log


@pytest.fixture(scope="module")
def superuser(module_database: Database) -> Iterator[Owner]:
    """Whoever owns the database."""
    with psycopg.connect(module_database.owner_url, autocommit=True) as owner:
        yield owner


@pytest.fixture
def sealing(
    log_of_module: Log, module_database: Database, superuser: Owner, tmp_path: Path
) -> Iterator[Sealing]:
    """A log without events, nothing of it sealed."""
    superuser.execute("SELECT pg_advisory_lock(%s), pg_advisory_unlock(%s)", (LOCK, LOCK))
    superuser.execute(
        "TRUNCATE event_store.events, seals.leaf_pages, seals.nodes, seals.checkpoints,"
        " seals.signing_keys"
    )
    sealing = Sealing(log_of_module, module_database, tmp_path)
    yield sealing
    sealing.close()


@pytest.fixture
def in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of 16 leaves instead of 65,536."""
    for module in ("piece", "verify"):
        monkeypatch.setattr(f"event_store.seals.{module}.PIECE", 16)
        monkeypatch.setattr(f"event_store.seals.{module}.PIECE_LEVEL", 4)


@pytest.fixture(scope="module")
def fifty(
    log_of_module: Log,
    module_database: Database,
    superuser: Owner,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[History]:
    sealing = Sealing(log_of_module, module_database, tmp_path_factory.mktemp("fifty"))
    positions = []
    for _ in range(5):
        positions += sealing.append(10)
        sealing.seal()
    yield History(sealing, superuser, positions)
    sealing.close()


@pytest.fixture
def history(fifty: History) -> Iterator[History]:
    """Fifty sealed events in the hands of a superuser: what they do is undone after the test."""
    with fifty.superuser.transaction(force_rollback=True):
        yield fifty
