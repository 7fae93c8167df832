"""What runs by itself or from the command line: expiry, scrubbing, replayed erasures."""

import json
from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from access.actor import Actor
from commands.context import Context
from commands.erasure import EraseLearner
from commands.learner import DeactivateLearner, RegisterLearner
from commands.message import Command
from commands.retention import PlaceHold, SetRetention
from domain.erasure import Erasure, ErasureState, LegalBasis
from domain.learner import Learner
from domain.legal_holds import HeldKind
from domain.retention import RecordKind
from domain.roles import Role
from lms.cli import erase, retention
from lms.composition import CommandSide, command_side
from lms.retention import Retention
from lms.scrubbing import Scrubbing
from lms.settings import Settings
from projections.catalogue import PROJECTIONS
from projections.connection import connect
from projections.opening import open_live
from projections.scrub import NotYet, scrub
from projections.source import open_source

CONSOLE = Actor(id=None, roles=frozenset({Role.ADMIN}))
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def alone(settings: Settings) -> Settings:
    return Settings.load({**settings.environment(), "LMS_ERASURE_TWO_PERSONS": "off"})


@pytest.fixture
def side(alone: Settings) -> Iterator[CommandSide]:
    with command_side(alone, connections=2) as side:
        yield side


def send(side: CommandSide, command: Command, at: datetime = LONG_AGO) -> UUID:
    context = Context(actor=CONSOLE, now=at, correlation_id=uuid4(), command_id=uuid4())
    return side.dispatcher.dispatch(command, context).id


def somebody(side: CommandSide, *, closed: bool = False) -> UUID:
    name = uuid4().hex
    id = send(
        side, RegisterLearner(username=name, email=f"{name}@example.com", full_name="Jane Roe")
    )
    if closed:
        send(side, DeactivateLearner(learner_id=id))
    return id


def project(settings: Settings) -> None:
    with open_source(settings.project_database_url, settings.master_key) as source:
        for projection in PROJECTIONS:
            open_live(projection, source).close()


def is_erased(side: CommandSide, id: UUID) -> bool:
    learner = side.log.find_latest(Learner, id)
    assert learner is not None
    return learner.erased


def test_accounts_expire_that_are_due_and_not_held(
    side: CommandSide, alone: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    due, held, active = somebody(side, closed=True), somebody(side, closed=True), somebody(side)
    send(side, SetRetention(kind=RecordKind.ACCOUNT, days=365, basis="Our own"))
    send(side, PlaceHold(kind=HeldKind.LEARNER, subject_id=held, reason="Case 7"))
    project(alone)
    early = Retention(
        alone.read_database_url, side.dispatcher, clock=lambda: LONG_AGO + timedelta(days=364)
    )
    assert early.run().expired == []

    assert retention.run(Namespace(action="run", dry_run=True), alone) == 0
    said = capsys.readouterr().out
    assert f"account {due} since 2020-12-31: Our own" in said
    assert str(held) not in said
    assert not is_erased(side, due)

    assert retention.run(Namespace(action="run", dry_run=False), alone) == 0
    assert capsys.readouterr().out == "1 account expired\n"
    assert [is_erased(side, id) for id in (due, held, active)] == [True, False, False]


@pytest.mark.slow
def test_an_erasure_is_scrubbed_once_the_views_have_it(side: CommandSide, alone: Settings) -> None:
    id = somebody(side)
    project(alone)
    erasure = send(side, EraseLearner(learner_id=id, legal_basis=LegalBasis.OBJECTION))
    tombstones = alone.data_dir / "erased.ndjson"
    alone.data_folder().folder("outbox")
    scrubbing = Scrubbing(side.pool, side.dispatcher, alone.project_database_url, tombstones)
    scrubbing.act()
    assert state_of(side, erasure) is ErasureState.CARRIED_OUT, "views are behind"
    project(alone)
    with psycopg.connect(alone.read_database_url) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT full_name FROM read_models.learner")
        with connect(alone.project_database_url) as connection, pytest.raises(NotYet):
            scrub(connection, [erasure])
    scrubbing.act()
    assert state_of(side, erasure) is ErasureState.SCRUBBED
    (line,) = tombstones.read_text().splitlines()
    assert json.loads(line)["learner_id"] == str(id)
    scrubbing.act()
    assert len(tombstones.read_text().splitlines()) == 1


def state_of(side: CommandSide, erasure: UUID) -> ErasureState:
    found = side.log.find_latest(Erasure, erasure)
    assert found is not None
    return found.state


def test_who_was_erased_is_erased_again_after_a_restore(
    side: CommandSide, alone: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    known, unknown, absent = somebody(side), somebody(side), uuid4()
    send(side, EraseLearner(learner_id=known, legal_basis=LegalBasis.OBJECTION))
    with psycopg.connect(alone.database_url) as owner:
        owner.execute(
            "UPDATE event_store.personal_keys SET wrapped_key = 'x', destroyed_at = NULL"
            " WHERE person_id = %s",
            (known,),
        )
        owner.execute("DELETE FROM erasure.scrubs")
    tombstones = alone.data_dir / "kept-apart.ndjson"
    tombstones.write_text(
        "".join(
            json.dumps({"learner_id": str(id), "erased_at": "2026-01-01T00:00:00+00:00"}) + "\n"
            for id in (known, unknown, absent)
        )
    )
    for keys, people in ((1, 1), (0, 0)):
        assert erase.run(Namespace(replay=True, tombstones=tombstones), alone) == 0
        assert capsys.readouterr().out == (
            f"{keys} keys destroyed again\n{people} people erased again\n"
        )
    assert is_erased(side, unknown)
    with psycopg.connect(alone.database_url) as owner:
        waiting = owner.execute("SELECT learner_id FROM erasure.scrubs").fetchall()
    assert {id for (id,) in waiting} == {known, unknown}, "they are still to be scrubbed"
