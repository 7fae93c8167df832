"""The folder where a stack keeps what must outlive it: generated secrets, chosen ports, data."""

import fcntl
import json
import os
import secrets
import socket
from base64 import b64encode
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

LOOPBACK = "127.0.0.1"


def _token() -> str:
    return secrets.token_urlsafe(24)


def _readable_password() -> str:
    return "-".join(secrets.token_hex(2) for _ in range(4))


def _master_key() -> str:
    return b64encode(secrets.token_bytes(32)).decode()


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """What is generated when nobody sets it. Losing this file means losing the data with it."""

    owner_password: str = msgspec.field(default_factory=_token)
    write_password: str = msgspec.field(default_factory=_token)
    read_password: str = msgspec.field(default_factory=_token)
    project_password: str = msgspec.field(default_factory=_token)
    seal_password: str = msgspec.field(default_factory=_token)
    nats_password: str = msgspec.field(default_factory=_token)
    master_key: str = msgspec.field(default_factory=_master_key)
    internal_token: str = msgspec.field(default_factory=_token)
    quack_token: str = msgspec.field(default_factory=_token)
    seed_password: str = msgspec.field(default_factory=_readable_password)


class DataFolder:
    """One stack's folder. Every method may be called by several processes at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            path.mkdir(parents=True)
            # Root lets the account that runs Postgres pass through, and nobody look inside.
            path.chmod(0o711 if os.geteuid() == 0 else 0o700)

    def folder(self, name: str) -> Path:
        """A private folder inside this one, made when it is missing."""
        folder = self.path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def secrets(self) -> Secrets:
        """The stack's secrets, generated once."""
        file = self.path / "secrets.json"
        with self._locked():
            known = json.loads(file.read_bytes()) if file.exists() else {}
            found = msgspec.convert(known, Secrets)
            if msgspec.to_builtins(found) != known:
                self._write(file, found)
        return found

    def remember_seed_password(self, password: str) -> None:
        """Keeps the password that people were really seeded with, to print it again later."""
        file = self.path / "secrets.json"
        found = self.secrets()
        with self._locked():
            self._write(file, msgspec.structs.replace(found, seed_password=password))

    def ports(self, *names: str) -> dict[str, int]:
        """The ports remembered under these names; a free one is chosen for a new name."""
        with self._locked():
            known = self._known_ports()
            chosen = dict(known)
            for name in names:
                chosen[name] = known.get(name) or _another_port(chosen.values())
            if chosen != known:
                self._write(self.path / "ports.json", chosen)
        return {name: chosen[name] for name in names}

    def forget_taken_ports(self) -> None:
        """Drops every remembered port that something else listens on now.

        Only for the one who is about to start the stack: to anybody else, the stack itself is
        what listens there.
        """
        with self._locked():
            known = self._known_ports()
            free = {name: port for name, port in known.items() if is_free(port)}
            if free != known:
                self._write(self.path / "ports.json", free)

    @contextmanager
    def claim(self, name: str) -> Iterator[bool]:
        """Holds `<name>.lock` while the block runs; yields whether nobody else holds it."""
        with (self.path / f"{name}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def _known_ports(self) -> dict[str, int]:
        file = self.path / "ports.json"
        return msgspec.json.decode(file.read_bytes(), type=dict[str, int]) if file.exists() else {}

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.path / "folder.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @staticmethod
    def _write(file: Path, content: object) -> None:
        text = msgspec.json.format(msgspec.json.encode(content), indent=2)
        draft = file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            out.write(text + b"\n")
            os.fsync(out.fileno())
        draft.rename(file)


def _another_port(taken: Collection[int]) -> int:
    """A free one that isn't promised to anybody yet: those don't listen all the time."""
    while (port := free_port()) in taken:
        pass
    return port


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a program could listen on this port of the host now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
