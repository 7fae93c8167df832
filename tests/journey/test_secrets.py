"""After a run of everything that has to do with secrets, none of them stands where it shouldn't.

Looked through are all logs of all processes, the whole log of events, snapshots, what policies and
projections have parked, and every body that a refusal was answered with.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.journey.cast import NEW_PASSWORD, Learner
from tests.journey.lms import Lms, Person
from tests.journey.test_forgotten_password import Mails, link_to, mails
from tests.servers.stack import PASSWORD, Stack

__all__ = ["mails"]

LOOKS_SECRET = {
    "a password's hash": re.compile(r"\$argon2"),
    "an access token": re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "a private key": re.compile(r"BEGIN [A-Z ]*PRIVATE KEY"),
    "a link": re.compile(r"password-reset[/#](?!\*\*\*|\{)[\w-]{20,}"),
}


class Witness(Lms):
    """Notes every refusal's body, and what must stand in none."""

    def __init__(self, url: str, address: str) -> None:
        super().__init__(url, local_address=address)
        self.secrets: set[str] = set()
        self.refusals: list[str] = []
        self.http.event_hooks = {"response": [self._note]}

    def _note(self, answer: httpx.Response) -> None:
        answer.read()
        if answer.status_code >= 400:
            self.refusals.append(f"{answer.text} {answer.headers}")
        elif answer.headers.get("Content-Type") == "application/json":
            body = answer.json()
            names = ("access_token", "refresh_token")
            self.secrets |= {body[name] for name in names if name in body}

    def secret(self, what: str) -> str:
        """Something to send that nobody else may see."""
        made = f"{what}-{uuid4().hex}"
        self.secrets.add(made)
        return made


@pytest.fixture
def witness(stack: Stack) -> Iterator[Witness]:
    witness = Witness(stack.url, "127.0.0.21")
    witness.secrets |= {PASSWORD, NEW_PASSWORD}
    yield witness
    witness.http.close()


def everything_goes_wrong(witness: Witness, learner: Learner, admin: Person, token: str) -> None:
    """And some of it right. `token` is a mailed link's."""
    send, secret, name = witness.http.request, witness.secret, learner.username
    witness.secrets.add(token)
    tokens = witness.tokens(name, learner.password)
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    for username in (name, f"nobody-{uuid4().hex}", secret("typed-into-the-wrong-field")):
        send("POST", "/login", json={"username": username, "password": secret("guess")})
        old = {"username": username, "old_password": secret("old"), "new_password": secret("new")}
        send("POST", "/login/password", json=old)
        send("POST", "/login/password", json=old | {"recovery_code": secret("code")})
    for broken in (
        {"username": name, "password": [secret("list")]},
        {"username": name, "passwort": secret("misspelt")},
        {"username": {"password": secret("nested")}},
    ):
        send("POST", "/login", json=broken)
    send("POST", "/login", content=f'{{"username": "x", "password": "{secret("cut")}')
    send("POST", "/login", params={"password": secret("query")}, json={})
    send("PUT", "/me/password", headers=bearer, json={"old_password": secret("wrong")})
    for new in ("password", learner.password, secret("x" * 300)):
        change = {"old_password": learner.password, "new_password": new}
        send("PUT", "/me/password", headers=bearer, json=change)
    wrong = {"old_password": secret("wrong"), "new_password": secret("new")}
    send("PUT", "/me/password", headers=bearer, json=wrong)
    twice = {"refresh_token": tokens["refresh_token"]}
    for body in (
        twice,
        twice,
        {"refresh_token": secret("token")},
        {"refresh_token": [secret("t")]},
    ):
        send("POST", "/login/refresh", json=body)
    send("GET", "/me", headers={"Authorization": f"Bearer {secret('bearer')}"})
    send("GET", "/me", headers={"Authorization": f"Basic {secret('basic')}"})
    account = {"username": name, "email": f"{name}@example.com", "full_name": "X"}
    for password in (secret("taken"), "weak"):
        admin.sends("POST", "/users", account | {"password": password})
    for path in (
        f"/password-reset/{token}",
        f"/password-reset/{secret('made-up-token-of-a-link')}",
    ):
        send("POST", path, json={"password": "password"})
        send("POST", path, json={"pasword": secret("misspelt")})
        send("POST", path, content="{")
        for method in ("GET", "PUT", "DELETE", "OPTIONS"):
            send(method, path)
        send("POST", path.replace("password-reset", "password%2Dreset"), content="{")
        send("POST", f"{path}/more", json={})
    send("POST", f"/password-reset/{token}", json={"password": secret("chosen")})
    send("POST", f"/password-reset/{token}", json={"password": secret("chosen again")})
    send("POST", "/login", content=b"\xff" + secret("bytes").encode())


def test_no_secret_stands_in_a_log_an_event_or_an_error(
    witness: Witness, learner: Learner, admin: Person, stack: Stack, mails: Mails
) -> None:
    witness.http.post("/password-reset", json={"username": learner.username})
    _, token = link_to(learner.username, mails)
    everything_goes_wrong(witness, learner, admin, token)
    assert len(witness.refusals) > 30
    assert len(witness.secrets) > 30
    secrets = witness.secrets | settings_secrets(stack)
    for place, text in [
        *((f"refusal {number}", text) for number, text in enumerate(witness.refusals)),
        *logs(stack),
        *rows(stack),
    ]:
        for secret in secrets:
            assert secret not in text, f"{secret[:8]}… stands in {place}"
        if not place.startswith("refusal"):
            for what, pattern in LOOKS_SECRET.items():
                assert not pattern.search(text), f"{what} stands in {place}"


def settings_secrets(stack: Stack) -> set[str]:
    """What the system itself must keep to itself."""
    settings = stack.settings
    return {settings.internal_token, settings.quack_token, *passwords_in(stack)}


def passwords_in(stack: Stack) -> set[str]:
    settings = stack.settings
    urls = (settings.database_url, settings.write_database_url, settings.nats_url)
    return {url.rpartition("@")[0].rpartition(":")[2] for url in urls}


def logs(stack: Stack) -> Iterator[tuple[str, str]]:
    """Every log of every process; of Postgres too. What `lms up` prints on the terminal is none: it
    tells the seeded people's password."""
    found: list[Path] = sorted(stack.settings.data_dir.rglob("*.log"))
    assert len(found) > 5
    for log in found:
        yield str(log.name), log.read_text(errors="replace")


def rows(stack: Stack) -> Iterator[tuple[str, str]]:
    """Every table with history in it, row by row."""
    with psycopg.connect(stack.settings.database_url) as owner:
        tables = owner.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            " AND (schemaname, tablename) NOT IN"
            " (('access', 'credentials'), ('access', 'former_passwords'))"
        ).fetchall()
        assert ("event_store.events",) in tables
        for (table,) in tables:
            for (row,) in owner.execute(f"SELECT t::text FROM {table} t"):
                yield table, row
