"""Brings a database to the state that this program needs, from `migrations/*.sql`.

yoyo reads the files and remembers what was applied. Two of its habits are changed here, because a
migration must survive being killed, and being run by several processes at once: its steps and the
note that it was applied belong to one transaction, and the lock ends with the connection that
holds it.
"""

import glob
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql
from psycopg_pool import ConnectionPool
from yoyo import read_migrations
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import parse_uri
from yoyo.migrations import Migration, MigrationList, default_migration_table

from event_store.wrapping import WrappingKeys
from lms.settings import Settings

FOLDER = Path(str(files("migrations")))
LOCK = int.from_bytes(b"lms", "big")
ATTEMPTS = 50
PAUSE = 0.1


class WrongRole(Exception):
    """A database URL logs in as another role than the one the migrations give rights to."""


def migrate(settings: Settings) -> list[str]:
    """Applies what is missing; returns the names of the migrations applied now.

    Raises WrongRole, WrongMasterKey, MasterKeyUnavailable, or psycopg.Error as the server said it;
    nothing of a failed migration stays.
    """
    ensure_roles(settings)
    applied = apply(settings.database_url, FOLDER)
    with ConnectionPool(settings.database_url, min_size=1, max_size=1, open=True) as pool:
        WrappingKeys(pool, settings.master_key).current()  # makes the first keys
    return applied


def ensure_roles(settings: Settings) -> None:
    """Makes sure that every role but the owner can log in. Raises WrongRole, psycopg.Error."""
    urls = {
        "lms_write": settings.write_database_url,
        "lms_read": settings.read_database_url,
        "lms_project": settings.project_database_url,
        "lms_seal": settings.seal_database_url,
    }
    for role, url in urls.items():
        ensure_role(settings.database_url, role, url)


def ensure_role(owner_url: str, role: str, url: str) -> None:
    """Makes sure that `url` logs in as `role`: creates the role, or sets its password.

    Nothing is changed when the log-in works already, so the owner of a managed server needs no
    right over roles that exist. Roles belong to the whole cluster: whoever migrates another of
    its databases at this moment may be creating the same one.
    """
    parts = urlsplit(url)
    if parts.username != role:
        raise WrongRole(f"a database URL must log in as {role}, not as {parts.username}")
    for attempt in range(ATTEMPTS):
        if _logs_in(url):
            return
        try:
            _set_password(owner_url, role, unquote(parts.password or ""))
        except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateObject):
            time.sleep(PAUSE)
        except psycopg.errors.InternalError_:  # "tuple concurrently updated"
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(PAUSE)
    psycopg.connect(url).close()


def apply(owner_url: str, folder: Path) -> list[str]:
    """Applies the SQL files of `folder` that are new to the database, in order of their names."""
    with _Backend(parse_uri(owner_url), default_migration_table) as backend, backend.lock():
        missing = backend.to_apply(_sql_files(folder))
        for migration in missing:
            backend.apply_one(migration)
        return [migration.id for migration in missing]


def _sql_files(folder: Path) -> MigrationList:
    found = read_migrations(glob.escape(str(folder)))
    return found.filter(lambda migration: migration.is_raw_sql())


class _Backend(PostgresqlPsycopgBackend):
    _is_locked: bool = False

    def apply_one(self, migration: Migration, force: bool = False, mark: bool = True) -> None:
        """Runs the steps and notes that they were run, both or neither."""
        self.ensure_internal_schema_updated()
        with self.transaction():
            migration.process_steps(self, "apply", force=force)
            if mark:
                self.mark_one(migration)

    @contextmanager
    def lock(self, timeout: float = 0) -> Iterator[None]:
        """Waits until no other connection migrates this database; gone with the connection."""
        if self._is_locked:
            yield
            return
        self.execute(f"SELECT pg_advisory_lock({LOCK})")
        self._is_locked = True
        yield


def _logs_in(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def _set_password(owner_url: str, role: str, password: str) -> None:
    """Creates the role or gives it the password, of which only the SCRAM verifier is sent."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        query = "SELECT 1 FROM pg_roles WHERE rolname = %s"
        known = connection.execute(query, [role]).fetchone()
        verifier = connection.pgconn.encrypt_password(
            password.encode(), role.encode(), b"scram-sha-256"
        ).decode()
        verb = sql.SQL("ALTER" if known else "CREATE")
        connection.execute(
            sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
                verb, sql.Identifier(role), sql.Literal(verifier)
            )
        )
