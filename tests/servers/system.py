"""The settings of a whole system for one test."""

from pathlib import Path

import pytest

from lms.data_folder import free_port
from lms.settings import Settings
from tests.servers.postgres import Database


@pytest.fixture
def settings(database: Database, nats_url: str, tmp_path: Path) -> Settings:
    """The settings of a whole system of this test alone, on free ports."""
    return settings_of(database, nats_url, tmp_path / "data")


def settings_of(database: Database, nats_url: str, folder: Path) -> Settings:
    """The settings of a system on that database, with its data in the folder, on free ports."""
    ports = [free_port() for _ in range(3)]
    return Settings.load(
        {
            "LMS_DATA_DIR": str(folder),
            "LMS_GATEWAY_PORT": str(ports[0]),
            "LMS_WRITE_API_PORT": str(ports[1]),
            "LMS_READ_API_PORT": str(ports[2]),
            "DATABASE_URL": database.owner_url,
            "LMS_WRITE_DATABASE_URL": database.write_url,
            "LMS_READ_DATABASE_URL": database.read_url,
            "LMS_PROJECT_DATABASE_URL": database.project_url,
            "LMS_SEAL_DATABASE_URL": database.seal_url,
            "NATS_URL": nats_url,
        }
    )
