"""A real OpenID Connect provider for tests: `oidc-provider-mock` in a process of its own."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from lms.data_folder import free_port
from lms.service import Service

Json = dict[str, Any]


class MockProvider(Service):
    """`people` have their claims by subject; they log in by one click."""

    def __init__(self, folder: Path) -> None:
        super().__init__("oidc-provider-mock", folder / "provider.log")
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"

    def command(self) -> Sequence[str]:
        """See Service."""
        return [
            *(sys.executable, "-W", "ignore", "-m", "oidc_provider_mock"),
            *("--port", str(self.port), "--require-nonce", "true"),
        ]

    def environment(self) -> Mapping[str, str]:
        """See Service."""
        return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}

    def is_ready(self) -> bool:
        """See Service."""
        try:
            return httpx.get(f"{self.issuer}/.well-known/openid-configuration").is_success
        except httpx.TransportError:
            return False

    def knows(self, subject: str, **claims: object) -> None:
        """Somebody who can log in there, with what is said about them."""
        httpx.put(f"{self.issuer}/users/{subject}", json=claims).raise_for_status()

    def logs_in(self, url: str, subject: str) -> str:
        """The person agrees at the provider: where it sends the browser."""
        answer = httpx.post(url, data={"sub": subject})
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def denies(self, url: str) -> str:
        """The person doesn't agree: where it sends the browser."""
        answer = httpx.post(url, data={"action": "deny"})
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]


def query_of(url: str) -> dict[str, str]:
    """The query of an address; each name stands there once."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
