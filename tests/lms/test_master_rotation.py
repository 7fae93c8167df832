"""Everything is wrapped anew while everything runs, and nothing is lost by it."""

import threading
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from access.seal import Seal, sealed_under
from access.sealed import CHECKPOINTS, SEALED, SINGLE_SIGN_ON
from access.sso import SsoSession, SsoTables
from access.totp import Totp, enrol_statement
from domain.identity import key_ring_id
from domain.key_ring import KeyRing
from event_store.application import Log
from event_store.errors import WrongMasterKey
from event_store.keys import PersonErased
from event_store.master_key import KnownMasterKey, MasterKey
from event_store.seals.keys import SealingKeys
from event_store.wrapping import FIRST, WrappingKeys
from lms.cli import main
from lms.composition import CommandSide, command_side
from lms.master_rotation import delete_unused, key_states, rotate_master_key
from lms.settings import Settings
from tests.lms.waiting import eventually
from tests.servers.postgres import Database

Owner = psycopg.Connection[Any]
ORIGIN = "lms.example/log"
OLD, NEW = KnownMasterKey(bytes(range(32))), bytes(range(1, 33))


class Killed(Exception):
    """As if the process had ended at this line."""


class Mortal(psycopg.Connection[Any]):
    """A connection whose process is killed after so many statements."""

    left = 10**9

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        self._live()
        return super().execute(*args, **kwargs)

    def cursor(self, *args: Any, **kwargs: Any) -> Any:
        self._live()
        return super().cursor(*args, **kwargs)

    def _live(self) -> None:
        if self.left == 0:
            raise Killed
        self.left -= 1


class World:
    """A system, its owner's connection, and other processes on the same log."""

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self.settings = settings
        self._stack = stack
        self.side = stack.enter_context(command_side(settings, connections=4))
        self.owner: Owner = stack.enter_context(
            psycopg.connect(settings.database_url, autocommit=True)
        )

    def process(self, master: MasterKey | None = None) -> Log:
        log = Log(self.settings.write_database_url, master or self.settings.master_key)
        self._stack.callback(log.close)
        return log

    def people(self, number: int) -> dict[UUID, str]:
        keys = self.side.log.keys
        people = [uuid4() for _ in range(number)]
        keys.ensure(people)
        return {person: keys.seal(person, b"Jane", b"") for person in people}

    def rotate(self, owner: Owner | None = None) -> str:
        return rotate_master_key(
            self.side, owner or self.owner, "Yearly.", settled_after=0.0
        ).key_id

    def wrapped_by(self) -> dict[str | None, int]:
        return dict(
            self.owner.execute(
                "SELECT wrapped_by, count(*) FROM event_store.personal_keys"
                " WHERE wrapped_key IS NOT NULL GROUP BY 1"
            ).fetchall()
        )

    def rotations(self) -> list[KeyRing.MasterKeyRotated]:
        events = self.side.log.events.get(key_ring_id())
        return [event for event in events if isinstance(event, KeyRing.MasterKeyRotated)]

    def erase(self, person: UUID, by: Owner | None = None) -> None:
        (by or self.owner).execute(
            "UPDATE event_store.personal_keys SET wrapped_key = NULL, destroyed_at = now()"
            " WHERE person_id = %s",
            (person,),
        )


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    with a_world(settings) as world:
        yield world


@contextmanager
def a_world(settings: Settings) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(settings, stack)


def with_master(settings: Settings, *keys: bytes) -> Settings:
    return msgspec.structs.replace(
        settings, master_keys=",".join(b64encode(key).decode() for key in keys)
    )


def test_a_rotation_wraps_every_key_anew_and_changes_no_sealed_field(world: World) -> None:
    people = world.people(30)
    assert world.wrapped_by() == {FIRST: 30}
    key_id = world.rotate()
    assert world.wrapped_by() == {key_id: 30}
    fresh = world.process().keys
    assert {fresh.unseal(person, sealed, b"") for person, sealed in people.items()} == {b"Jane"}


def test_rows_from_before_there_were_wrapping_keys_are_rotated_too(world: World) -> None:
    people = world.people(3)
    world.owner.execute("UPDATE event_store.personal_keys SET wrapped_by = NULL")
    fresh = world.process().keys
    assert [fresh.unseal(person, sealed, b"") for person, sealed in people.items()] == [b"Jane"] * 3
    assert {each.key_id: each.persons for each in key_states(world.owner)}[FIRST] == 3
    key_id = world.rotate()
    assert world.wrapped_by() == {key_id: 3}


@pytest.mark.slow
def test_processes_that_write_all_the_while_lose_nothing(world: World) -> None:
    logs = [world.process() for _ in range(3)]
    stop, sealed = threading.Event(), [dict[UUID, str]() for _ in logs]

    def write(log: Log, mine: dict[UUID, str]) -> None:
        while not stop.is_set() or len(mine) < 50:
            person = uuid4()
            mine[person] = log.keys.seal(person, person.bytes, b"")
            assert log.keys.unseal(person, mine[person], b"") == person.bytes

    with ThreadPoolExecutor(len(logs)) as threads:
        writing = [threads.submit(write, *each) for each in zip(logs, sealed, strict=True)]
        try:
            # It waits for the others to notice the new key, as at the command line.
            key_id = rotate_master_key(world.side, world.owner).key_id
        finally:
            stop.set()
        for each in writing:
            each.result()
    everybody = {person: text for mine in sealed for person, text in mine.items()}
    assert world.wrapped_by() == {key_id: len(everybody)}
    fresh = world.process().keys
    fresh.ensure(list(everybody))
    assert all(fresh.unseal(p, text, b"") == p.bytes for p, text in everybody.items())


def test_killed_at_any_line_it_is_finished_by_the_next(world: World) -> None:
    people = world.people(5)
    secret = a_secret(world.side)
    finished = 0
    with Mortal.connect(world.settings.database_url, autocommit=True) as mortal:
        for line in range(1_000):
            mortal.left = line
            try:
                world.rotate(mortal)
            except Killed:
                finished = line
            else:
                break
    assert finished > 15
    before = len(world.rotations())
    assert before == 1, "what was begun was gone on with"
    fresh = world.process().keys
    assert {fresh.unseal(person, sealed, b"") for person, sealed in people.items()} == {b"Jane"}
    assert opened(fresh.wrapping, secret) == "token"
    assert len(key_states(world.owner)) == 3


def test_two_at_once_do_it_once(world: World) -> None:
    people = world.people(1_200)
    with (
        a_world(world.settings) as other,
        ThreadPoolExecutor(2) as threads,
    ):
        ids = set(threads.map(lambda each: each.rotate(), [world, other]))
    assert len(ids) == len(world.rotations()) <= 2
    assert sum(world.wrapped_by().values()) == len(people)
    assert set(world.wrapped_by()) == {key_states(world.owner)[-1].key_id}


def test_an_erasure_under_way_is_waited_for_and_stays_one(world: World) -> None:
    (gone, sealed), (there, kept) = world.people(2).items()
    with psycopg.connect(world.settings.database_url) as erasing, ThreadPoolExecutor(1) as threads:
        world.erase(gone, erasing)
        rotating = threads.submit(world.rotate)
        eventually(lambda: FIRST not in world.wrapped_by() or world.wrapped_by()[FIRST] == 1)
        assert not rotating.done()
        erasing.commit()
        key_id = rotating.result()
    assert world.wrapped_by() == {key_id: 1}
    fresh = world.process().keys
    assert fresh.unseal(there, kept, b"") == b"Jane"
    with pytest.raises(PersonErased):
        fresh.unseal(gone, sealed, b"")


def test_a_row_that_somebody_holds_is_waited_for(world: World) -> None:
    held, _ = world.people(2)
    with psycopg.connect(world.settings.database_url) as holding, ThreadPoolExecutor(1) as threads:
        world.erase(held, holding)
        rotating = threads.submit(world.rotate)
        eventually(lambda: world.wrapped_by().get(FIRST) == 1)
        holding.rollback()
        key_id = rotating.result()
    assert world.wrapped_by() == {key_id: 2}


def test_after_a_new_master_key_the_old_one_opens_nothing(settings: Settings) -> None:
    old = bytes(range(32))
    with a_world(with_master(settings, old)) as world:
        people = world.people(3)
        secret = a_secret(world.side)
        kid = world.side.signing_keys.ensure().kid
    with a_world(with_master(settings, NEW, old)) as world:
        world.rotate()
        assert world.rotations()[-1].former_master_key_ids == [OLD.key_id]
        alone = world.process(KnownMasterKey(NEW)).keys
        assert {alone.unseal(person, s, b"") for person, s in people.items()} == {b"Jane"}
        assert opened(alone.wrapping, secret) == "token"
        former = world.process(OLD).keys
        with pytest.raises(WrongMasterKey):
            former.unseal(*next(iter(people.items())), b"")
        with pytest.raises(WrongMasterKey):
            opened(former.wrapping, secret)
    with a_world(with_master(settings, NEW)) as world:
        assert world.side.signing_keys.active().kid == kid


def test_a_key_that_was_in_use_can_be_deleted_only_when_nothing_needs_it(world: World) -> None:
    world.people(2)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        world.owner.execute("DELETE FROM event_store.wrapping_keys WHERE key_id = 'first'")
    world.rotate()
    assert delete_unused(world.side, world.owner) == [], "somebody may still seal under it"
    world.owner.execute(
        "UPDATE event_store.wrapping_keys SET created_at = created_at - interval '11 minutes'"
    )
    assert delete_unused(world.side, world.owner) == [FIRST]
    assert [each.state for each in key_states(world.owner)] == ["hashes", "new"]


def test_who_wraps_under_a_key_that_is_deleted_takes_the_next(world: World) -> None:
    late = world.process()
    late.keys.wrapping.current()
    world.rotate()
    world.owner.execute("DELETE FROM event_store.wrapping_keys WHERE key_id = 'first'")
    person = uuid4()
    sealed = late.keys.seal(person, b"a", b"")
    assert FIRST not in world.wrapped_by()
    assert world.process().keys.unseal(person, sealed, b"") == b"a"


def test_the_rotation_stands_in_the_history_without_any_secret(world: World) -> None:
    world.people(4)
    a_secret(world.side)
    key_id = world.rotate()
    (event,) = world.rotations()
    assert (event.key_id, event.former_key_ids, event.persons) == (key_id, [FIRST], 4)
    assert (event.secrets, event.reason) == (1, "Yearly.")
    row = world.owner.execute(
        "SELECT data::text FROM event_store.events WHERE type = 'key_ring.master_key_rotated.v1'"
    ).fetchone()
    assert row is not None
    assert world.side.keys.key(key_id).hex() not in row[0]


def test_every_column_that_is_sealed_is_sealed_anew(world: World) -> None:
    pages = [(each.schema, each.table, each.column) for each in SEALED]
    found = world.owner.execute(
        "SELECT table_schema, table_name, column_name FROM information_schema.columns"
        " WHERE table_schema IN ('access', 'seals') AND data_type = 'bytea'"
        " AND column_name !~ '_?hash$|^key$|^public_key$|^root$'"
    ).fetchall()
    assert sorted(found) == sorted(pages)
    secrets = all_secrets(world)
    key_id = world.rotate()
    (origin,) = world.owner.execute("SELECT origin FROM seals.signing_keys").fetchone() or ("",)
    for each, (bound_to, plain) in zip(SEALED, secrets, strict=True):
        row = world.owner.execute(
            f"SELECT {each.column} FROM {each.schema}.{each.table} WHERE {each.bound_to} = %s",
            [bound_to],
        ).fetchone()
        assert row is not None
        assert sealed_under(row[0]) == key_id
        context = bound_to.bytes if isinstance(bound_to, UUID) else bound_to
        context = context.encode() if isinstance(context, str) else context
        context += f"\n{origin}".encode() if each.and_to else b""
        assert Seal(world.side.keys, each.purpose).open(row[0], context) == plain


def test_no_role_of_a_serving_process_may_change_what_is_wrapped(database: Database) -> None:
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(
            "INSERT INTO event_store.personal_keys (person_id, wrapped_key) VALUES (%s, 'key')",
            (uuid4(),),
        )
    for url in (database.write_url, database.read_url, database.project_url):
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in (
                "UPDATE event_store.personal_keys SET wrapped_by = NULL",
                "UPDATE event_store.personal_keys SET wrapped_key = ''",
                "UPDATE event_store.wrapping_keys SET wrapped_key = ''",
                "DELETE FROM event_store.wrapping_keys",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)


def test_a_wrong_master_key_does_not_pass_for_the_first(world: World) -> None:
    person, sealed = next(iter(world.people(1).items()))
    world.owner.execute("UPDATE event_store.personal_keys SET wrapped_by = NULL")
    world.owner.execute("DELETE FROM event_store.wrapping_keys")
    with pytest.raises(WrongMasterKey):
        world.process(KnownMasterKey(bytes(32))).keys.seal(uuid4(), b"a", b"")
    assert world.process().keys.unseal(person, sealed, b"") == b"Jane"


def test_the_command_line_rotates_shows_and_retires(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lms.master_rotation.SETTLED_SECONDS", 0.0)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert main(["keys", "rotate-master", "--reason", "Leaked."]) == 0
    assert "wraps everything from now on" in capsys.readouterr().out
    assert main(["keys", "status", "--json"]) == 0
    states = msgspec.json.decode(capsys.readouterr().out)
    assert [each["state"] for each in states] == ["hashes", "unused", "new"]
    assert main(["keys", "retire"]) == 0
    assert "0 wrapping keys deleted" in capsys.readouterr().out
    monkeypatch.setenv("LMS_MASTER_KEY", "A" * 43 + "=")
    assert main(["keys", "status"]) == 1
    assert "wrapped by another master key" in capsys.readouterr().out


def a_secret(side: CommandSide) -> bytes:
    """Something that single sign-on keeps, by its code."""
    return SsoTables(side.pool, side.keys).open_code(b"token").encode()


def opened(keys: WrappingKeys, code: bytes) -> str:
    with keys._pool.connection() as connection:
        row = (
            connection.cursor(row_factory=psycopg.rows.tuple_row)
            .execute(
                "SELECT proof FROM access.sso_codes WHERE code_hash = %s", [sha256(code).digest()]
            )
            .fetchone()
        )
    assert row is not None
    return Seal(keys, SINGLE_SIGN_ON).open(row[0], sha256(code).digest()).decode()


def all_secrets(world: World) -> list[tuple[UUID | str | bytes, bytes]]:
    """One of each column, in their order: what it is bound to, and what it says."""
    side, now = world.side, datetime.now(UTC)
    sso, totp, learner = SsoTables(side.pool, side.keys), Totp(side.pool, side.keys), uuid4()
    shown, sealed = totp.new_secret(learner, "jane")
    key = side.signing_keys.ensure()
    session, challenge = uuid4(), bytes(32)
    world.owner.execute(
        "INSERT INTO access.sessions (session_id, learner_id, started_at, expires_at,"
        " authenticated_at, last_used_at) VALUES (%s, %s, now(), now(), now(), now())",
        (session, learner),
    )
    with side.pool.connection() as connection:
        connection.execute(*enrol_statement(learner, uuid4(), sealed, now))
    world.owner.execute(
        "INSERT INTO access.login_challenges (token_hash, learner_id, factors, tries_left,"
        " expires_at) VALUES (%s, %s, '{}', 1, now())",
        (challenge, learner),
    )
    theirs = SsoSession.of("oidc", uuid4(), None, "id token", now)
    with side.pool.connection() as connection:
        sso.vouching(theirs, now).remember(connection, session)
    seal = Seal(side.keys, SINGLE_SIGN_ON)
    world.owner.execute(
        "INSERT INTO access.sso_challenges (token_hash, provider, identity_id, sealed_token,"
        " identified_at) VALUES (%s, 'oidc', %s, %s, now())",
        (challenge, uuid4(), seal.seal(b"waits", challenge)),
    )
    signing = SealingKeys(Seal(side.keys, CHECKPOINTS), ORIGIN).active(world.owner)
    start = sso.open_login("oidc")
    state, code = sha256(start.state.encode()).digest(), a_secret(side)
    return [
        (key.kid, key.private_key.private_bytes_raw()),
        (learner, shown.secret.encode()),
        (session, b"id token"),
        (challenge, b"waits"),
        (state, start.nonce.encode()),
        (state, start.verifier.encode()),
        (sha256(code).digest(), b"token"),
        (signing.kid, signing.private_key.private_bytes_raw()),
    ]
