import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGKILL

import psycopg
import pytest

from lms import migrate
from lms.embedded.postgres import EmbeddedPostgres
from lms.settings import as_role
from tests.servers.postgres import Database

KILLED_IN_THE_MIDDLE = """
import os, signal, sys, threading
import psycopg
from pathlib import Path
from lms import migrate
migrate._Backend.mark_one = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
migrate.apply(sys.argv[1], Path(sys.argv[2]))
"""


@pytest.fixture
def two_files(tmp_path: Path) -> Path:
    """A folder with two migrations."""
    (tmp_path / "0001_one.sql").write_text(
        """-- One table, and a function with a body.
        CREATE TABLE one (id int PRIMARY KEY, said text DEFAULT '100 %; 50 %s');
        CREATE FUNCTION answer() RETURNS int LANGUAGE plpgsql AS $$
        BEGIN
            IF true THEN RETURN 42; END IF;
        END $$;
        """
    )
    (tmp_path / "0002_two.sql").write_text("CREATE TABLE two (id int REFERENCES one);")
    (tmp_path / "__init__.py").touch()
    return tmp_path


def tables(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        query = "SELECT relname FROM pg_class WHERE relname IN ('one', 'two') ORDER BY 1"
        return [name for (name,) in connection.execute(query)]


def test_twice_is_as_good_as_once(empty_database: str, two_files: Path) -> None:
    assert migrate.apply(empty_database, two_files) == ["0001_one", "0002_two"]
    assert migrate.apply(empty_database, two_files) == []
    assert tables(empty_database) == ["one", "two"]


def test_several_at_once_apply_each_file_once(empty_database: str, two_files: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: migrate.apply(empty_database, two_files), range(4)))
    assert sorted(done) == [[], [], [], ["0001_one", "0002_two"]]


def test_a_run_that_was_killed_leaves_nothing_half_done(
    empty_database: str, two_files: Path
) -> None:
    run = [sys.executable, "-c", KILLED_IN_THE_MIDDLE, empty_database, str(two_files)]
    assert subprocess.run(run, check=False).returncode == -SIGKILL
    assert tables(empty_database) == []
    assert migrate.apply(empty_database, two_files) == ["0001_one", "0002_two"]


def test_a_broken_migration_leaves_nothing_of_itself(empty_database: str, two_files: Path) -> None:
    (two_files / "0002_two.sql").write_text("CREATE TABLE two (id int); SELECT 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate.apply(empty_database, two_files)
    assert tables(empty_database) == ["one"]


def test_many_may_create_a_role_at_once(postgres: EmbeddedPostgres) -> None:
    urls = [as_role(postgres.url(), "lms_crowd", "p@ss/word")] * 8
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda url: migrate.ensure_role(postgres.url(), "lms_crowd", url), urls))
    psycopg.connect(urls[0]).close()


def test_a_role_gets_a_new_password(postgres: EmbeddedPostgres) -> None:
    old, new = (as_role(postgres.url(), "lms_changing", word) for word in ("old", "new"))
    migrate.ensure_role(postgres.url(), "lms_changing", old)
    migrate.ensure_role(postgres.url(), "lms_changing", new)
    psycopg.connect(new).close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(old)


def test_a_url_must_log_in_as_its_role(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(migrate.WrongRole, match=r"must log in as lms_read, not as lms$"):
        migrate.ensure_role(postgres.url(), "lms_read", postgres.url())


def test_all_roles_reach_a_migrated_database(database: Database) -> None:
    for url in (database.owner_url, database.write_url, database.read_url, database.project_url):
        psycopg.connect(url).close()
