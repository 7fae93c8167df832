"""The account that Postgres runs under: it refuses to run as root."""

import os
import pwd
import shutil
import stat
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

CANDIDATES = ("postgres", "nobody")
REFUGES = (Path("/var/lib/lms"), Path("/var/tmp/lms"))  # noqa: S108 - checked to be root's own


class Account(NamedTuple):
    """A user and their group, by number."""

    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Whether this account may pass through the folder, and through every one above it."""
        path = folder.absolute()
        return all(self._may(step, stat.S_IXOTH) for step in (path, *path.parents))

    def can_run(self, program: Path) -> bool:
        """Whether this account may run the program, and read it and what lies beside it."""
        return self._may(program, stat.S_IXOTH | stat.S_IROTH) and self.can_enter(program.parent)

    def _may(self, path: Path, wanted: int) -> bool:
        found = path.stat()
        shift = 6 if found.st_uid == self.uid else 3 if found.st_gid == self.gid else 0
        return (found.st_mode >> shift) & wanted == wanted


def unprivileged() -> Account | None:
    """The account to give up root's rights for; None when this process isn't root."""
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise LookupError(f"Postgres can't run as root, and there is no account {CANDIDATES}")


def private_folder(path: Path, account: Account | None) -> Path:
    """Makes a folder that only the account can look into."""
    path.mkdir(mode=0o700, exist_ok=True)
    if account:
        os.chown(path, *account)
    return path


def new_refuge(belongs_to: Path) -> Path:
    """A new folder for data that the account could not reach inside the folder `belongs_to`.

    No permission is changed to let the account in; the data moves out instead.
    """
    folder = _root_folder() / token_hex(6)
    folder.mkdir(mode=0o711)
    folder.chmod(0o711)
    (folder / "belongs-to").write_text(f"{belongs_to}\n")
    return folder


def reachable_copy(name: str, *sources: Path) -> Path:
    """A folder with copies of root's programs in `sources` that everybody may run, made once."""
    copy = _root_folder() / name
    if not copy.exists():
        draft = copy.with_name(f"{name}.{token_hex(4)}")
        for source in sources:
            shutil.copytree(source, draft / source.name, symlinks=True)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if _runs(path) else 0o444))
        try:
            draft.rename(copy)
        except OSError:  # another process was faster
            shutil.rmtree(draft)
    return copy


def _runs(path: Path) -> bool:
    return path.is_dir() or bool(path.stat().st_mode & stat.S_IXUSR)


def _root_folder() -> Path:
    for folder in REFUGES:
        try:
            folder.mkdir(mode=0o755, exist_ok=True)
        except OSError:
            continue
        found = folder.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and not found.st_mode & 0o022:
            if found.st_mode & 0o111 != 0o111:
                folder.chmod(0o755)  # a strict umask made it narrower than asked
            return folder
    raise PermissionError(f"Found no place for Postgres's data that is root's own: {REFUGES}")
