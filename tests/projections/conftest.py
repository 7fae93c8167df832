"""What the tests of projections need besides the servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from projections.source import Source, open_source
from tests.projections.history import MASTER_KEY, History
from tests.projections.story import Story
from tests.servers.postgres import Database


@pytest.fixture
def source(database: Database) -> Iterator[Source]:
    """An empty log and a place for read models."""
    with open_source(database.project_url, MASTER_KEY) as opened:
        yield opened


@pytest.fixture
def history(database: Database) -> Iterator[History]:
    """The means to write to the log of `source`."""
    written = History(database)
    yield written
    written.close()


@pytest.fixture
def story(source: Source, history: History, database: Database) -> Story:
    """The grammar of read models: *given* these aggregates, these are the *rows*."""
    return Story(source, history, database.read_url)
