"""A server that speaks like AWS KMS, for tests: moto's, in a process of its own."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import boto3
import httpx
import pytest

from lms.data_folder import LOOPBACK, free_port
from lms.service import Service

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "only-for-tests",
    "AWS_SECRET_ACCESS_KEY": "only-for-tests",
    "AWS_DEFAULT_REGION": "eu-central-1",
}


class KmsServer(Service):
    """It forgets everything when it stops."""

    def __init__(self, folder: Path) -> None:
        super().__init__("moto", folder / "kms.log")
        self.port = free_port()
        self.endpoint = f"http://{LOOPBACK}:{self.port}"

    def command(self) -> Sequence[str]:
        """See Service."""
        return [
            *(sys.executable, "-W", "ignore", "-m", "moto.server"),
            *("--host", LOOPBACK, "--port", str(self.port)),
        ]

    def environment(self) -> Mapping[str, str]:
        """See Service."""
        return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **CREDENTIALS}

    def is_ready(self) -> bool:
        """See Service."""
        try:
            return httpx.get(f"{self.endpoint}/moto-api/data.json").is_success
        except httpx.TransportError:
            return False

    def new_key(self) -> str:
        """The ARN of a new symmetric key."""
        kms = boto3.client("kms", endpoint_url=self.endpoint)
        return kms.create_key()["KeyMetadata"]["Arn"]


@pytest.fixture(scope="module")
def kms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KmsServer]:
    """A running one, and credentials in the environment."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in CREDENTIALS.items():
            environment.setenv(name, value)
        server = KmsServer(tmp_path_factory.mktemp("kms"))
        server.start()
        yield server
        server.kill()
