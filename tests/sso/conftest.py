"""Providers, and the write API behind the gateway, each a process of its own as in the system."""

import base64
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from lms.data_folder import free_port
from lms.embedded.nats import EmbeddedNats
from lms.service import Service
from lms.settings import PROJECT, Settings
from tests.commands.system import MASTER_KEY
from tests.commands.system import System as Commands
from tests.servers.postgres import Database
from tests.sso.crooked import CLIENT_ID, CLIENT_SECRET, CrookedProvider, crooked_provider
from tests.sso.mock import MockProvider, query_of

Json = dict[str, Any]
PASSWORD = "a-password-to-look-for"


class Process(Service):
    """One process of the system."""

    def __init__(self, name: str, settings: Settings, url: str, variables: Json) -> None:
        super().__init__(name, settings.data_dir / f"{name}.log")
        self._settings = settings
        self._url = url
        self._variables = variables

    def command(self) -> Sequence[str]:
        """See Service."""
        return [sys.executable, "-m", "lms", "run", self.name]

    def environment(self) -> Mapping[str, str]:
        """See Service."""
        own = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), **self._variables}
        return {**own, **self._settings.environment()}

    def is_ready(self) -> bool:
        """See Service."""
        try:
            return self.running and httpx.get(f"{self._url}/health/live").is_success
        except httpx.TransportError:
            return False


class Browser:
    """A browser with its cookies, at the gateway."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=20)

    def begins(self, provider: str) -> str:
        """Where the browser is sent to log in."""
        answer = self.http.get(f"/sso/{provider}/login")
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])

    def comes_back(self, url: str) -> httpx.Response:
        """Whatever is answered to a browser that follows the provider's redirect."""
        assert url.startswith(self.url)
        return self.http.get(url)

    def tokens(self, url: str) -> Json:
        """The tokens that it comes back for."""
        answer = self.comes_back(url)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        tokens: Json = answer.json()
        return tokens

    def is_refused(self, url: str, code: str = "sign-on-refused", status: int = 401) -> Json:
        """It comes back in vain; what it brought isn't in the answer."""
        answer = self.comes_back(url)
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{code}"), (
            answer.text
        )
        for value in query_of(url).values():
            assert value not in answer.text
        problem: Json = answer.json()
        return problem


class System:
    """What was recorded, and the processes that did it."""

    def __init__(self, database: Database, processes: list[Process], url: str) -> None:
        self._database = database
        self._browsers: list[Browser] = []
        self.processes = processes
        self.url = url

    def browser(self) -> Browser:
        """A new one, without cookies."""
        self._browsers.append(Browser(self.url))
        return self._browsers[-1]

    def close(self) -> None:
        """Closes all browsers."""
        for browser in self._browsers:
            browser.http.close()

    def events(self, kind: str, about: str | None = None) -> list[Json]:
        """The data of all events of a kind, oldest first; of one stream if it is named."""
        rows = self.query(
            "SELECT data::text FROM event_store.events WHERE type = %s"
            " AND (stream_id::text = %s OR %s::text IS NULL) ORDER BY position",
            (kind, about, about),
        )
        return [json.loads(row[0]) for row in rows]

    def refused(self, act: str) -> int:
        """How many refusals of this kind are counted for the audit."""
        counted = "SELECT coalesce(sum(counted), 0) FROM access.refusals WHERE kind = %s"
        return int(self.query(counted, (act,))[0][0])

    def query(self, statement: str, params: Sequence[object] = ()) -> list[Any]:
        with psycopg.connect(self._database.owner_url, autocommit=True) as connection:
            cursor = connection.execute(statement, params)
            return cursor.fetchall() if cursor.description else []

    def everything_kept(self) -> str:
        """All events, all tables of access, all logs: to look for what mustn't be there."""
        tables = ("sso_logins", "sso_codes", "sso_sessions", "sso_logout_tokens", "sessions")
        rows = self.query("SELECT data::text, metadata::text FROM event_store.events")
        for table in tables:
            rows += self.query(f"SELECT t::text FROM access.{table} t")
        logs = [process.log.read_text() for process in self.processes]
        return "\n".join([*map(str, rows), *logs])


@pytest.fixture(scope="session")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockProvider]:
    provider = MockProvider(tmp_path_factory.mktemp("provider"))
    provider.start()
    yield provider
    provider.stop()


@pytest.fixture(scope="session")
def crooked_port() -> int:
    return free_port()


@pytest.fixture
def crooked(crooked_port: int) -> Iterator[CrookedProvider]:
    with crooked_provider(crooked_port) as provider:
        yield provider


def providers(mock: MockProvider, crooked_port: int) -> Json:
    """Two providers of one company at once: one rules departments and roles, one links only."""
    crooked = {
        "issuer": f"http://127.0.0.1:{crooked_port}",
        "client_id": CLIENT_ID,
        "client_secret_env": "CROOKED_SECRET",
    }
    return {
        "corporate": {
            "title": "The company",
            "issuer": mock.issuer,
            "client_id": "lms-at-corporate",
            "client_secret": "whatever",
            "claims": {"groups": "realm_access.roles"},
            "accounts": {
                "roles": {"LMS Trainers": "instructor", "LMS Bosses": "manager"},
                "link_by_email": True,
            },
        },
        "crooked": crooked,
        "strict": {**crooked, "accounts": {"just_in_time": False}},
    }


@pytest.fixture(scope="session")
def sso_settings(
    shared_database: Database,
    tmp_path_factory: pytest.TempPathFactory,
    nats: EmbeddedNats,
) -> Settings:
    folder = tmp_path_factory.mktemp("sso")
    ports = [free_port() for _ in range(3)]
    return Settings.load(
        {
            "LMS_DATA_DIR": str(folder),
            "LMS_GATEWAY_PORT": str(ports[0]),
            "LMS_WRITE_API_PORT": str(ports[1]),
            "LMS_READ_API_PORT": str(ports[2]),
            "LMS_MASTER_KEY": base64.b64encode(MASTER_KEY).decode(),
            "LMS_SSO_FILE": str(folder / "sso.json"),
            "DATABASE_URL": shared_database.owner_url,
            "LMS_WRITE_DATABASE_URL": shared_database.write_url,
            "LMS_READ_DATABASE_URL": shared_database.read_url,
            "LMS_PROJECT_DATABASE_URL": shared_database.project_url,
            "LMS_SEAL_DATABASE_URL": shared_database.seal_url,
            "NATS_URL": nats.url,
        }
    )


@pytest.fixture(scope="session")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedNats]:
    folder: Path = tmp_path_factory.mktemp("nats")
    server = EmbeddedNats(
        folder / "data",
        port=free_port(),
        monitor_port=free_port(),
        password="only-for-tests",
        log=folder / "nats.log",
    )
    server.start()
    yield server
    server.wipe()


@pytest.fixture(scope="session")
def lms(
    sso_settings: Settings, shared_database: Database, mock: MockProvider, crooked_port: int
) -> Iterator[System]:
    """The write API behind the gateway, with `providers`."""
    Path(sso_settings.sso_file).write_text(json.dumps({"providers": providers(mock, crooked_port)}))
    yield from running(sso_settings, shared_database)


def running(settings: Settings, database: Database) -> Iterator[System]:
    """The processes of a system that takes log-ins."""
    variables = {"CROOKED_SECRET": CLIENT_SECRET}
    write = Process("write-api", settings, settings.write_api_url, variables)
    gateway = Process("gateway", settings, settings.public_url, {})
    for process in (write, gateway):
        process.spawn()
    for process in (write, gateway):
        process.wait_until_ready()
    system = System(database, [write, gateway], settings.public_url)
    yield system
    system.close()
    for process in (gateway, write):
        process.stop()


@pytest.fixture
def browser(lms: System) -> Browser:
    return lms.browser()


@pytest.fixture
def commands(shared_database: Database) -> Iterator[Commands]:
    """A further process on the same database: what an administrator commands there."""
    system = Commands(shared_database)
    yield system
    system.close()
