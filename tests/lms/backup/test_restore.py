import asyncio
import base64
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import nats
import psycopg
import pytest

from bus.stream import StreamSettings, declare
from event_store.epoch import check_epoch
from lms.backup import followers, manifest
from lms.backup.errors import BackupFailed, Refused, TargetInUse
from lms.backup.people import reconcile
from lms.backup.restoring import Wanted, restore
from lms.backup.retention import archives
from lms.backup.taking import take
from lms.cli import main
from lms.composition import command_side
from lms.embedded.nats import EmbeddedNats
from lms.embedded.postgres import EmbeddedPostgres
from lms.seeds.people import JOHN
from lms.seeds.small import plant
from lms.settings import Settings
from lms.stack import Process
from projections.catalogue import PROJECTIONS
from projections.source import open_source
from projections.verify import verify
from tests.lms.backup.backing_up import (
    EVENTS,
    KEY,
    Saved,
    create_course,
    drop_database,
    environment_of,
    heard,
    rows,
    settings_of,
)
from tests.lms.waiting import eventually
from tests.servers.postgres import Database

ANOTHER_KEY = base64.b64encode(bytes(32)).decode()
JOHNS_NAME = "SELECT full_name FROM read_models.learner WHERE username = 'john.doe'"


@pytest.mark.slow
def test_a_restored_system_goes_on(
    saved: Saved, postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats, tmp_path: Path
) -> None:
    """In another cluster, whose transaction ids are much lower."""
    settings = settings_of(postgres_server.url(), nats_server.url, tmp_path / "data", KEY)
    lines, say = heard()
    restore(settings, saved.wanted, say)
    told = saved.backup.history.manifest
    everything = rows(saved.settings.database_url, f"{EVENTS} ORDER BY 1")
    assert rows(settings.database_url, f"{EVENTS} ORDER BY 1") == everything[: told.events]
    assert rows(settings.database_url, JOHNS_NAME) == [(JOHN.full_name,)]
    assert_read_models_equal_history(settings)
    with psycopg.connect(settings.database_url) as owner:
        check_epoch(owner)
    with running(settings, "relay", "projector"), command_side(settings, connections=2) as side:
        first, second = create_course(side), create_course(side)
        assert told.position < everything[-1][0] < first.position < second.position
        eventually(lambda: shown(settings) >= second.position)
    assert_read_models_equal_history(settings)
    assert any("next position exceeds the last" in line for line in lines)


def assert_read_models_equal_history(settings: Settings) -> None:
    with open_source(settings.project_database_url, settings.master_key) as source:
        outcomes = [verify(projection, source) for projection in PROJECTIONS]
    assert [outcome for outcome in outcomes if not outcome.holds] == []


def shown(settings: Settings) -> int:
    query = "SELECT position FROM projections.position WHERE name = 'course' AND state = 'live'"
    ((position,),) = rows(settings.read_database_url, query)
    assert isinstance(position, int)
    return position


@contextmanager
def running(settings: Settings, *names: str) -> Iterator[None]:
    processes = [Process(name, settings) for name in names]
    try:
        for process in processes:
            process.start()
        yield
    finally:
        for process in processes:
            process.stop()


def assert_untouched(settings: Settings) -> None:
    assert (
        rows(settings.database_url, "SELECT nspname FROM pg_namespace WHERE nspname ~ '^ev'") == []
    )
    draft = "SELECT datname FROM pg_database WHERE datname LIKE '%restoring%'"
    assert rows(settings.database_url, draft) == []


@pytest.mark.parametrize("spoil", ["a byte", "a file less", "a file more"])
def test_a_damaged_archive_is_refused(
    spoil: str, saved: Saved, told: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = saved.copy(tmp_path / "copy").history.folder
    largest = max(history.glob("dump/*.gz"), key=lambda file: file.stat().st_size)
    if spoil == "a byte":
        content = bytearray(largest.read_bytes())
        content[len(content) // 2] ^= 1
        largest.write_bytes(content)
    elif spoil == "a file less":
        largest.unlink()
    else:
        largest.with_name("9999.dat.gz").write_bytes(b"")
    assert main(["restore", "--from", str(history)]) == 3
    said = capsys.readouterr().err
    assert "is damaged" in said
    assert ("9999" if spoil == "a file more" else largest.name) in said
    assert_untouched(told)


def test_a_backup_that_was_cut_short_is_refused_and_swept_away(
    saved: Saved, told: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = saved.copy(tmp_path / "copy")
    draft = wanted.history.folder.with_name("20260101T000000.000000Z.unfinished")
    wanted.history.folder.rename(draft)
    (draft / "manifest.json").unlink()
    assert main(["restore", "--from", str(draft)]) == 3
    assert "cut short" in capsys.readouterr().err
    assert main(["restore", "--from", str(tmp_path / "copy")]) == 3
    assert "no complete archive" in capsys.readouterr().err
    to = tmp_path / "copy"
    take(saved.settings, to / "history", to / "keys", lambda _: None)
    assert not draft.exists()
    assert len(archives(to / "history", "history")) == 1


def test_without_its_keys_a_history_is_refused_with_an_explanation(
    saved: Saved, told: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = saved.copy(tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "keys")
    assert main(["restore", "--from", str(wanted.history.folder)]) == 3
    said = capsys.readouterr().err
    assert "can be read, but nothing in it that is personal" in said
    assert_untouched(told)


@pytest.mark.slow
def test_without_its_keys_a_history_can_be_read(saved: Saved, target: Settings) -> None:
    lines, say = heard()
    restore(target, Wanted(saved.backup.history, None, without_keys=True), say)
    assert rows(target.database_url, "SELECT DISTINCT full_name FROM read_models.learner") == [
        ("erased person",)
    ]
    events = rows(target.database_url, EVENTS)
    assert len(events) == saved.backup.history.manifest.events
    assert "keys: those of 6 people are lost; they read as erased persons" in lines
    assert rows(target.database_url, "SELECT * FROM projections.parked") == []


def test_another_master_key_is_refused_before_anything_happens(
    saved: Saved,
    told: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LMS_MASTER_KEY", ANOTHER_KEY)
    assert main(["restore", "--from", str(saved.folder)]) == 3
    said = capsys.readouterr().err
    assert "The master key is not the one" in said
    assert ANOTHER_KEY not in said
    assert_untouched(told)


def test_keys_that_lack_people_are_refused(saved: Saved, target: Settings, tmp_path: Path) -> None:
    wanted = saved.copy(tmp_path / "copy")
    assert wanted.keys
    with (wanted.history.folder / "people.csv").open("a") as file:
        file.write(f"{uuid4()},2026-01-01 00:00:00+00,\n")
    manifest.write(wanted.history.folder, wanted.history.manifest)
    spoilt = manifest.opened(wanted.history.folder, "history")
    with pytest.raises(Refused, match="lacks those of 1 people"):
        restore(target, Wanted(spoilt, wanted.keys), lambda _: None)
    assert_untouched(target)


def test_a_database_that_holds_something_is_not_overwritten(
    saved: Saved, database: Database, nats_url: str, tmp_path: Path
) -> None:
    target = settings_of(database.owner_url, nats_url, tmp_path / "other", KEY)
    plant(target)
    planted = rows(database.owner_url, EVENTS)
    with pytest.raises(TargetInUse, match=r"not empty: it holds \d+ events"):
        restore(target, saved.wanted, lambda _: None)
    with pytest.raises(TargetInUse, match="not somebody_elses"):
        restore(target, saved.wanted._replace(replace="somebody_elses"), lambda _: None)
    with (
        psycopg.connect(database.read_url),
        pytest.raises(TargetInUse, match="1 sessions use the database"),
    ):
        restore(target, saved.wanted._replace(replace=database.name), lambda _: None)
    assert rows(database.owner_url, EVENTS) == planted


@pytest.mark.slow
def test_a_restore_that_was_killed_changes_nothing_and_is_begun_anew(
    saved: Saved, database: Database, nats_url: str, tmp_path: Path, postgres: EmbeddedPostgres
) -> None:
    target = settings_of(database.owner_url, nats_url, tmp_path / "data", KEY)
    plant(target)
    planted = rows(database.owner_url, EVENTS)
    command = [sys.executable, "-m", "lms", "restore", "--from", str(saved.folder)]
    restoring = subprocess.Popen(
        [*command, "--replace", database.name], env={**os.environ, **environment_of(target)}
    )
    draft = f"SELECT FROM pg_database WHERE datname = '{database.name}_restoring'"
    eventually(lambda: bool(rows(postgres.url("postgres"), draft)))
    restoring.kill()
    restoring.wait()
    assert rows(database.owner_url, EVENTS) == planted
    lines, say = heard()
    restore(target, saved.wanted._replace(replace=database.name), say)
    assert len(rows(database.owner_url, EVENTS)) == saved.backup.history.manifest.events
    former = re.findall(rf"{database.name}_before_\w+", lines[-1])[0]
    assert rows(postgres.url(former), EVENTS) == planted
    assert rows(postgres.url("postgres"), draft) == []
    drop_database(postgres, former)


def test_whoever_was_erased_stays_erased(database: Database, tmp_path: Path) -> None:
    """Whichever of both archives is older."""
    erased_before, erased_later, logged, here, lost = (uuid4() for _ in range(5))
    at = "2026-01-01 00:00:00+00"
    with (tmp_path / "people.csv").open("w") as file:
        file.write("person_id,created_at,destroyed_at\n")
        for person in (here, lost, logged):
            file.write(f"{person},{at},\n")
        for person, destroyed in ((erased_later, at), (erased_before, "")):
            file.write(f"{person},{at},{destroyed}\n")
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        keys: list[tuple[UUID, bytes | None, str | None]] = [(erased_before, None, at)]
        keys += [(id, b"k", None) for id in (erased_later, logged, here)]
        owner.cursor().executemany(
            "INSERT INTO event_store.personal_keys (person_id, wrapped_key, destroyed_at)"
            " VALUES (%s, %s, %s)",
            keys,
        )
        owner.cursor().executemany(
            "INSERT INTO access.credentials VALUES (%s, 'hash', now())", [(here,), (erased_later,)]
        )
        owner.execute(
            "INSERT INTO event_store.events"
            " (position, stream_id, stream_type, version, type, data, metadata)"
            " VALUES (1, %s, 'learner', 1, 'learner.erased.v1', '{}', '{}')",
            [logged],
        )
        assert reconcile(owner, tmp_path) == (2, 1, 0)
        found = owner.execute(
            "SELECT person_id FROM event_store.personal_keys WHERE destroyed_at IS NULL"
        ).fetchall()
        log_ins = owner.execute("SELECT learner_id FROM access.credentials").fetchall()
    assert found == log_ins == [(here,)]


def test_an_erasure_that_was_not_scrubbed_yet_is_scrubbed_after_a_restore(
    database: Database, tmp_path: Path
) -> None:
    """What was waiting is in no backup, and stands in the log."""
    (tmp_path / "people.csv").write_text("person_id,created_at,destroyed_at\n")
    begun, done = uuid4(), uuid4()
    events = [(begun, 1, "carried_out"), (done, 1, "carried_out"), (done, 2, "scrubbed")]
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.cursor().executemany(
            "INSERT INTO event_store.events"
            " (position, stream_id, stream_type, version, type, data, metadata)"
            " VALUES (%s, %s, 'erasure', %s, %s, %s, '{}')",
            [
                (position, stream, version, f"erasure.{what}.v1", f'{{"learner_id": "{stream}"}}')
                for position, (stream, version, what) in enumerate(events, 1)
            ],
        )
        for _ in range(2):
            reconcile(owner, tmp_path)
            waiting = owner.execute("SELECT erasure_id, learner_id FROM erasure.scrubs").fetchall()
            assert waiting == [(begun, begun)]


def test_texts_whose_keys_are_in_no_archive_are_told_and_expired_ones_stay_unreadable(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "people.csv").write_text("person_id,created_at,destroyed_at\n")
    kept, lost, expired = uuid4(), uuid4(), uuid4()
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        for position, stream in enumerate((kept, lost, expired), 1):
            owner.execute(
                "INSERT INTO event_store.events"
                " (position, stream_id, stream_type, version, type, data, metadata)"
                " VALUES (%s, %s, 'feedback', 1, 'feedback.submitted.v1', %s, '{}')",
                (position, stream, f'{{"feedback_text": "sealed.v2.{stream.hex}.sealed.v1.x"}}'),
            )
        owner.cursor().executemany(
            "INSERT INTO event_store.record_keys (key_id, stream_id, person_id, key)"
            " VALUES (%s, %s, %s, %s)",
            [(stream, stream, uuid4(), bytes(32)) for stream in (kept, expired)],
        )
        owner.execute(
            "INSERT INTO event_store.events"
            " (position, stream_id, stream_type, version, type, data, metadata)"
            " VALUES (9, %s, 'expired_record', 1, 'expired_record.expired.v1', %s, '{}')",
            (uuid4(), f'{{"record_id": "{expired}"}}'),
        )
        assert reconcile(owner, tmp_path) == (0, 0, 1)
        found = owner.execute("SELECT key_id FROM event_store.record_keys").fetchall()
    assert found == [(kept,)]


def test_what_followed_from_another_log_is_wiped(target: Settings) -> None:
    """A relay would go on after the last message, though this log never had that event."""

    async def fill() -> None:
        client = await nats.connect(target.nats_url)
        await declare(client.jetstream(), StreamSettings())
        await client.jetstream().publish("lms.course.created.x", b"{}")
        await client.close()

    async def streams() -> list[str]:
        client = await nats.connect(target.nats_url)
        found = await client.jetstream().streams_info()
        await client.close()
        return [str(stream.config.name) for stream in found]

    asyncio.run(fill())
    target.duckdb_file.parent.mkdir(parents=True)
    for name in ("lms.duckdb", "lms.duckdb.wal"):
        target.duckdb_file.with_name(name).write_bytes(b"")
    assert asyncio.run(streams()) == ["LMS"]
    for _ in range(2):
        followers.wipe(target)
        assert asyncio.run(streams()) == []
        assert list(target.duckdb_file.parent.iterdir()) == []


def test_without_nats_nothing_is_begun(saved: Saved, target: Settings) -> None:
    away = msgspec.structs.replace(target, nats_url="nats://127.0.0.1:1")
    with pytest.raises(BackupFailed, match="NATS can't be reached"):
        restore(away, saved.wanted, lambda _: None)
    assert_untouched(target)
