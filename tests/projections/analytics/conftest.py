from collections.abc import Iterator
from pathlib import Path

import pytest

from projections.analytics.warehouse import Warehouse
from projections.analytics.writer import Writer
from tests.projections.analytics.story import Story


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    """An empty warehouse, open in this process."""
    warehouse = Warehouse(tmp_path / "analytics.duckdb")
    yield warehouse
    warehouse.close()


@pytest.fixture
def writer(warehouse: Warehouse) -> Writer:
    return Writer(warehouse.cursor())
