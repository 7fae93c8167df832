"""A system that was backed up, and one to restore into."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lms.backup.taking import take
from lms.embedded.postgres import EmbeddedPostgres
from lms.seeds.small import plant
from lms.settings import Settings
from tests.lms.backup.backing_up import (
    KEY,
    Saved,
    drop_database,
    environment_of,
    new_database,
    settings_of,
    with_many_transactions_behind_it,
    written_to,
)
from tests.lms.waiting import eventually


@pytest.fixture(scope="session")
def saved(
    postgres: EmbeddedPostgres, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Saved]:
    folder = tmp_path_factory.mktemp("backup")
    url = new_database(postgres, "to_save", migrated_template)
    with_many_transactions_behind_it(url)
    settings = settings_of(url, "nats://127.0.0.1:1", folder / "data", KEY)
    plant(settings)
    to = folder / "backups"
    with written_to(settings) as written:
        eventually(lambda: written() > 0)
        backup = take(settings, to / "history", to / "keys", lambda _: None)
        begun = written()
        eventually(lambda: written() > begun)
    yield Saved(settings, backup, to)
    drop_database(postgres, "to_save")


@pytest.fixture
def target(empty_database: str, nats_url: str, tmp_path: Path) -> Settings:
    """An empty database in the cluster that the backup is of, and a NATS."""
    return settings_of(empty_database, nats_url, tmp_path / "data", KEY)


@pytest.fixture
def told(target: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of the target, as variables of this process."""
    for name, value in environment_of(target).items():
        monkeypatch.setenv(name, value)
    return target
