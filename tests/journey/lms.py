"""The system as a client sees it: somebody logs in, sends and asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx

T = TypeVar("T")
Json = dict[str, Any]

DEADLINE = 20.0
PAUSE = 0.05
TOKEN_SECONDS = 300.0
"""For how long a token is used; it would be good for twice as long."""


class Lms:
    """The system behind a gateway, and the position of the last command that was sent from here."""

    def __init__(self, url: str, *, local_address: str | None = None) -> None:
        """`local_address` is a loopback address to call from, where the caller's own one counts."""
        self.http = httpx.Client(
            base_url=url,
            timeout=30,
            transport=httpx.HTTPTransport(local_address=local_address),
        )
        self.position = 0

    def person(self, username: str, password: str) -> Person:
        """Somebody with an account. They log in when they do something."""
        return Person(self, username, password)

    def tokens(self, username: str, password: str) -> Json:
        """Log in, and get the answer."""
        credentials = {"username": username, "password": password}
        return body_of(self.http.post("/login", json=credentials), 200)

    @contextmanager
    def from_address(self, address: str) -> Iterator[Lms]:
        """The same system, called from another address."""
        other = Lms(str(self.http.base_url), local_address=address)
        yield other
        other.http.close()


class Person:
    """One client of the system, logged in.

    What they ask for includes everything that was commanded before: by `Lms-Min-Position`.
    """

    def __init__(self, lms: Lms, username: str, password: str) -> None:
        self.lms = lms
        self.username = username
        self.password = password
        self._token = ""
        self._logged_in_at = -TOKEN_SECONDS

    @property
    def token(self) -> str:
        """An access token that is good for some minutes more."""
        if time.monotonic() - self._logged_in_at >= TOKEN_SECONDS:
            self._token = self.lms.tokens(self.username, self.password)["access_token"]
            self._logged_in_at = time.monotonic()
        return self._token

    @property
    def id(self) -> str:
        """Their own id."""
        return str(self.sees("/me")["id"])

    def sends(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Whatever is answered to a request."""
        all_headers = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        answer = self.lms.http.request(method, path, json=body, headers=all_headers)
        self.lms.position = max(self.lms.position, int(answer.headers.get("Lms-Position", 0)))
        return answer

    def asks(self, path: str, **query: object) -> httpx.Response:
        """Whatever is answered to a query."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Lms-Min-Position": str(self.lms.position),
        }
        given: dict[str, Any] = query
        return self.lms.http.get(path, params=given or None, headers=headers)

    def creates(self, path: str, body: Any = None) -> str:
        """The id of what a command has created, after a look at all that such an answer has."""
        answer = self.sends("POST", path, body)
        created = body_of(answer, 201)
        assert answer.headers["Location"].endswith(f"/{created['id']}")
        _check_recorded(answer)
        return str(created["id"])

    def changes(self, method: str, path: str, body: Any = None) -> Json:
        """What is answered to a command that changes something."""
        answer = self.sends(method, path, body)
        changed = body_of(answer, 200)
        _check_recorded(answer)
        return changed

    def sees(self, path: str, **query: object) -> Json:
        """What a query answers."""
        return body_of(self.asks(path, **query), 200)

    def lists(self, path: str, **query: object) -> list[Json]:
        """The items of a list's first page."""
        items: list[Json] = self.sees(path, **query)["items"]
        return items


def body_of(answer: httpx.Response, status: int) -> Json:
    """The JSON body of an answer that must have this status."""
    request = f"{answer.request.method} {answer.request.url}"
    assert answer.status_code == status, f"{request}: {answer.status_code} {answer.text}"
    body: Json = answer.json()
    return body


def eventually(look: Callable[[], T | None], what: str, deadline: float = DEADLINE) -> T:
    """What `look` finds, once it finds anything: what policies and other processes bring about."""
    limit = time.monotonic() + deadline
    while not (found := look()):
        assert time.monotonic() < limit, f"{what}: not within {deadline:.0f} s"
        time.sleep(PAUSE)
    return found


def _check_recorded(answer: httpx.Response) -> None:
    recorded = answer.json()
    assert answer.headers["ETag"] == f'"{recorded["version"]}"'
    assert answer.headers["Lms-Position"] == str(recorded["position"])
    assert recorded["position"] > 0
