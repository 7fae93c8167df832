"""Rotating the keys that sign access tokens, on the record."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from access.actor import Actor
from access.keys import SigningKeys, VerificationKeys
from access.standing import Standings
from access.tokens import InvalidToken, TokenIssuer, TokenVerifier
from commands.key_ring import KeyIsSigning, RevokeSigningKey
from commands.step_up import StepUpRequired
from domain.errors import Forbidden, NotFound
from domain.identity import key_ring_id
from domain.key_ring import KeyRing
from domain.roles import Role
from lms.cli import main
from lms.settings import Settings
from tests.commands.doors import AUDIENCE, ISSUER, Doors
from tests.commands.system import MASTER_KEY, System
from tests.servers.postgres import Database


@pytest.fixture
def alone(database: Database) -> Iterator[Doors]:
    """A system of this test alone: the keys are everybody's."""
    system = System(database)
    yield Doors(system)
    system.close()


def test_a_rotation_logs_nobody_out_and_stands_in_the_history(alone: Doors) -> None:
    jane = alone.a_person()
    before = jane.tokens()
    old = alone.keys.active().kid
    rotated = alone.rotation.rotate("Yearly.", alone.context(alone.admin()))
    assert alone.keys.active().kid == rotated.kid != old
    assert alone.actor(before.access_token).id == alone.actor(jane.tokens().access_token).id
    assert alone.accounts.refresh(before.refresh_token, alone.context())
    ring = alone.system.log.find_latest(KeyRing, key_ring_id())
    assert ring is not None
    assert (ring.kid, ring.version) == (rotated.kid, 2)
    again = alone.rotation.rotate(None, alone.context(alone.admin()))
    events = list(alone.system.log.events.get(key_ring_id()))
    last = events[-1]
    assert isinstance(last, KeyRing.Rotated)
    assert (last.kid, last.former_kid) == (again.kid, rotated.kid)
    kids = [key["kid"] for key in VerificationKeys(alone.system.pool).jwks()["keys"]]
    assert kids == [again.kid, rotated.kid, old]


class Process:
    """Another process, which looks for what was revoked and has everything else in memory."""

    def __init__(self, doors: Doors) -> None:
        pool, clock = doors.system.pool, doors.clock.timestamp
        self.standings = Standings(pool, longest_token=timedelta(minutes=15))
        names: dict[str, Any] = {"issuer": ISSUER, "audience": AUDIENCE, "clock": clock}
        self.verifier = TokenVerifier(VerificationKeys(pool), standings=self.standings, **names)
        self.keys = SigningKeys(pool, MASTER_KEY)
        self.issuer = TokenIssuer(self.keys, is_revoked=self.verifier.is_revoked, **names)

    def believes(self, token: str) -> bool:
        try:
            return bool(self.verifier.verify(token))
        except InvalidToken:
            return False


def test_a_revoked_key_is_worthless_everywhere_within_two_seconds(alone: Doors) -> None:
    jane = alone.a_person()
    tokens = jane.tokens()
    stolen = alone.keys.active()
    other = Process(alone)
    unseen = jane.tokens().access_token
    with other.standings.followed():
        assert other.believes(tokens.access_token)
        assert other.keys.active().kid == stolen.kid
        begun = time.monotonic()
        alone.rotation.revoke(stolen.kid, "Stolen.", alone.context(alone.admin()))
        while other.believes(tokens.access_token):
            assert time.monotonic() < begun + 10
        took = time.monotonic() - begun
        assert not other.believes(unseen), "nor any that comes for the first time"
        actor = Actor(uuid4(), frozenset({Role.EMPLOYEE}), session_id=uuid4())
        while not other.believes(other.issuer.access_token(actor)):
            assert time.monotonic() < begun + 10, "it signs with another one"
    assert took < 2
    again = alone.accounts.refresh(tokens.refresh_token, alone.context())
    assert other.believes(again.access_token)
    published = VerificationKeys(alone.system.pool).jwks()["keys"]
    assert stolen.kid not in {key["kid"] for key in published}
    rotated, revoked = list(alone.system.log.events.get(key_ring_id()))[-2:]
    assert isinstance(rotated, KeyRing.Rotated)
    assert isinstance(revoked, KeyRing.Revoked)
    assert (revoked.kid, revoked.reason) == (stolen.kid, "Stolen.")


def test_a_retired_key_is_revoked_alone_and_an_unknown_one_not(alone: Doors) -> None:
    old = alone.keys.active().kid
    rotated = alone.rotation.rotate(None, alone.context(alone.admin()))
    alone.rotation.revoke(old, None, alone.context(alone.admin()))
    assert alone.keys.refresh().kid == rotated.kid
    for kid in (old, "made up"):
        with pytest.raises(NotFound):
            alone.rotation.revoke(kid, None, alone.context(alone.admin()))
    command = RevokeSigningKey(kid=rotated.kid)
    alone.system.when(command, alone.admin(), now=alone.clock.now).refuses(KeyIsSigning)


def test_only_an_administrator_with_a_fresh_proof_rotates(alone: Doors) -> None:
    person = alone.a_person(Role.MANAGER).logged_in()
    with pytest.raises(Forbidden):
        alone.rotation.rotate(None, alone.context(person))
    admin = alone.admin()
    alone.clock.advance(seconds=601)
    kid = alone.keys.active().kid
    with pytest.raises(StepUpRequired):
        alone.rotation.rotate(None, alone.context(admin))
    assert alone.keys.refresh().kid == kid


def test_the_private_half_is_in_no_event(alone: Doors, database: Database) -> None:
    alone.rotation.rotate(None, alone.context(alone.admin()))
    with psycopg.connect(database.owner_url) as owner:
        row = owner.execute(
            "SELECT sealed_private_key FROM access.signing_keys WHERE retired_at IS NULL"
        ).fetchone()
        rows = owner.execute("SELECT data::text, metadata::text FROM event_store.events").fetchall()
    assert row is not None
    assert row[0].hex() not in str(rows)


def test_the_command_line_lists_rotates_and_prunes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert main(["keys", "rotate", "--reason", "Leaked."]) == 0
    told = capsys.readouterr().out
    assert "signs from now on" in told
    assert told.count("retired") == 1
    kid = next(line.split()[0] for line in told.splitlines() if "retired" in line)
    assert main(["keys", "revoke", kid]) == 0
    assert f"{kid}  since" not in capsys.readouterr().out
    assert main(["keys", "revoke", kid]) == 1
    with pytest.raises(SystemExit, match="2"):
        main(["keys", "revoke"])
    capsys.readouterr()
    assert main(["keys", "prune"]) == 0
    assert "0 keys deleted" in capsys.readouterr().out
    with psycopg.connect(settings.database_url) as owner:
        row = owner.execute(
            "SELECT metadata->>'actor', data->>'reason' FROM event_store.events"
            " WHERE type = 'key_ring.rotated.v1'"
        ).fetchone()
    assert row == (None, "Leaked.")


def test_rotations_at_once_leave_one_key_that_signs(alone: Doors) -> None:
    def rotate(_: int) -> str:
        return alone.rotation.rotate(None, alone.context(alone.admin())).kid

    with ThreadPoolExecutor(4) as threads:
        kids = set(threads.map(rotate, range(4)))
    ring = alone.system.log.find_latest(KeyRing, key_ring_id())
    assert ring is not None
    assert SigningKeys(alone.system.pool, MASTER_KEY).active().kid == ring.kid
    assert ring.kid in kids
    assert len(kids) == 4
