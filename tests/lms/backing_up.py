"""Systems to back up and to restore into, for tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from lms.embedded.postgres import EmbeddedPostgres
from lms.settings import Settings, as_role
from tests.servers.postgres import PASSWORD

MANY_TRANSACTIONS = 5_000_000
ROLES = ("write", "read", "project")


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
        owner.execute("UPDATE event_store.log SET epoch = %s", [MANY_TRANSACTIONS])


def rows(owner_url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(owner_url) as owner:
        return owner.execute(query.encode()).fetchall()


def heard() -> tuple[list[str], Callable[[str], None]]:
    lines: list[str] = []
    return lines, lines.append
