"""PostgreSQL's own `pg_dump` and `pg_restore`."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from signal import SIGTERM

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from lms import parent
from lms.backup.errors import BackupFailed
from lms.embedded.postgres import wheel_programs

_KEPT = ("HOME", "PATH", "TMPDIR")


class Programs:
    """The programs of one installation; `version` is what `pg_dump --version` says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        said = _run([str(folder / "pg_dump"), "--version"], {})
        found = re.search(r"(\d+)(\.\d+)*", said)
        if found is None:
            raise BackupFailed(f"{folder / 'pg_dump'} doesn't say its version: {said}")
        self.version = found[0]
        self.major = int(found[1])

    def dump(self, url: str, *arguments: str) -> None:
        """Runs pg_dump on a database. Raises BackupFailed with what it said."""
        self._on("pg_dump", url, arguments)

    def restore(self, url: str, *arguments: str) -> None:
        """Runs pg_restore into a database. Raises BackupFailed with what it said."""
        self._on("pg_restore", url, arguments)

    def _on(self, program: str, url: str, arguments: tuple[str, ...]) -> None:
        # Anybody may see arguments in the list of processes: the password goes another way.
        parts = conninfo_to_dict(url)
        password = parts.pop("password", None)
        secret = {"PGPASSWORD": str(password)} if password else {}
        command = [str(self._folder / program), f"--dbname={make_conninfo('', **parts)}"]
        _run([*command, "--no-password", *arguments], secret)


def programs_for(server_major: int, *, embedded: bool) -> Programs:
    """The programs that fit a server: at least as new as it.

    Of the embedded server its own; else those on PATH, else the wheel's.
    Raises BackupFailed when none fit.
    """
    on_path = shutil.which("pg_dump")
    folders = [] if embedded or on_path is None else [Path(on_path).parent]
    tried = [Programs(folder) for folder in (*folders, wheel_programs())]
    for programs in tried:
        if programs.major >= server_major:
            return programs
    versions = " and ".join(programs.version for programs in tried)
    raise BackupFailed(
        f"The server is PostgreSQL {server_major}, but pg_dump here is {versions}, which is older:"
        f" put the client programs of PostgreSQL {server_major} on PATH."
    )


def _run(command: list[str], secrets: dict[str, str]) -> str:
    """Runs a program that ends with this one; returns its output."""
    launcher = [sys.executable, "-I", "-S", parent.__file__, str(os.getpid()), str(int(SIGTERM))]
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith("PGSSL")
    }
    try:
        done = subprocess.run(  # noqa: S603 - PostgreSQL's programs, without a shell
            [*launcher, "same", *command],
            env={"LC_ALL": "C.UTF-8", **kept, **secrets},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            umask=0o077,
        )
    except OSError as error:
        raise BackupFailed(f"{command[0]} can't be run: {error}") from None
    if done.returncode:
        raise BackupFailed(f"{Path(command[0]).name} failed: {done.stderr.strip()}")
    return done.stdout
