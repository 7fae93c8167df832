"""What an archive says about itself: made last, so an archive that has it is complete."""

import hashlib
import os
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

import msgspec

from lms.backup.errors import Refused

NAME = "manifest.json"
DUMP = "dump"
FORMAT = 1
CHUNK = 1 << 20
UNFINISHED = ".unfinished"


class File(msgspec.Struct, frozen=True):
    """One file of an archive; `sha256` in hexadecimal."""

    sha256: str
    bytes: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """An archive's contents, and the state of the log at the instant it shows.

    `position` is of the last event in it; `people` are those who have or had a key, `erased` those
    whose key is destroyed. `master_key` is the id of the one in use. `seals` is the last
    signed checkpoint, in its own words. `left_out` are tables without their rows.
    """

    kind: Literal["history", "keys"]
    name: str
    taken_at: datetime
    lms: str
    postgres: str
    pg_dump: str
    migrations: list[str]
    events: int
    position: int
    epoch: int
    people: int
    erased: int
    master_key: str
    seals: dict[str, Any] | None = None
    left_out: list[str]
    files: dict[str, File]
    format: int = FORMAT


class Archive(msgspec.Struct, frozen=True):
    """A complete archive on disk."""

    folder: Path
    manifest: Manifest

    @property
    def dump(self) -> Path:
        """The folder that pg_dump made."""
        return self.folder / DUMP

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.bytes for file in self.manifest.files.values())

    def check(self) -> None:
        """Reads every file and compares its SHA-256.

        Raises Refused with every file that is changed, missing, or not in the manifest.
        """
        known, there = self.manifest.files, _files(self.folder)
        faults = [f"{name} is missing" for name in sorted(known.keys() - there.keys())]
        faults += [f"{name} doesn't belong there" for name in sorted(there.keys() - known.keys())]
        faults += [
            f"{name} is damaged: its SHA-256 is not the manifest's"
            for name in sorted(known.keys() & there.keys())
            if _file(there[name]) != known[name]
        ]
        if faults:
            raise Refused(f"The archive {self.folder} is damaged: {'; '.join(faults)}.")


def opened(folder: Path, kind: Literal["history", "keys"]) -> Archive:
    """The archive of that kind in the folder, unchecked. Raises Refused."""
    if not folder.is_dir():
        raise Refused(f"There is no folder {folder}.")
    file = folder / NAME
    if not file.exists():
        raise Refused(f"{folder} has no {NAME}: it is no archive, or its backup was cut short.")
    try:
        manifest = msgspec.json.decode(file.read_bytes(), type=Manifest)
    except msgspec.DecodeError as error:
        raise Refused(f"{file} can't be read: {error}") from None
    if manifest.format != FORMAT:
        raise Refused(f"{file} is of format {manifest.format}; this release reads {FORMAT}.")
    if manifest.kind != kind:
        raise Refused(f"{folder} is an archive of {manifest.kind}, not of {kind}.")
    return Archive(folder, manifest)


def write(folder: Path, manifest: Manifest) -> None:
    """Writes the manifest so that it is there whole or not at all, with the hashes of all files."""
    files = {name: _file(path) for name, path in _files(folder).items()}
    content = msgspec.json.encode(msgspec.structs.replace(manifest, files=files))
    draft = folder / f"{NAME}{UNFINISHED}"
    draft.unlink(missing_ok=True)
    with private_file(draft) as out:
        out.write(msgspec.json.format(content, indent=2) + b"\n")
        out.flush()
        os.fsync(out.fileno())
    draft.rename(folder / NAME)


def private_file(path: Path) -> BinaryIO:
    """A new file, to be written to, that only its owner may read."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")


def _files(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() and path != folder / NAME
    }


def _file(path: Path) -> File:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return File(digest.hexdigest(), file.tell())
