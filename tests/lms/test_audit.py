"""`lms audit` at work on a whole system, and an export that an auditor checks by themselves."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from bus.checkpoints import CHECKPOINTS
from bus.connection import Connection
from event_store.recorder import POSITION
from event_store.seals.checkpoint import Checkpoint
from event_store.seals.witness import Witness
from lms import cli
from lms.migrate import migrate
from lms.readiness import why_not_ready
from lms.seeds.small import plant_if_new
from lms.settings import PROJECT, Settings
from lms.stack import Process
from tests.event_store.seals.superuser import cut_off_seals
from tests.lms.conftest import Starting
from tests.lms.test_metrics import scraped
from tests.lms.waiting import DEADLINE, eventually

Audit = Callable[..., int]


@pytest.fixture
def audit(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Audit:
    """`lms audit …` on the system of this test; its exit code."""
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: cli.main(["audit", *map(str, arguments)])


@pytest.fixture
def sealer(settings: Settings, running: Starting) -> Process:
    """The sealer of a system that was just planted, once it has signed all of it."""
    migrate(settings)
    plant_if_new(settings)
    sealer = running("sealer")
    eventually(lambda: all_signed(settings))
    return sealer


def all_signed(settings: Settings) -> bool:
    with psycopg.connect(settings.database_url) as owner:
        row = owner.execute(
            "SELECT (SELECT max(size) FROM seals.checkpoints)"
            " = (SELECT count(*) FROM event_store.events)"
        ).fetchone()
    witnessed = Witness(settings.witness_file).last()
    return row == (True,) and witnessed is not None


@contextmanager
def superuser(settings: Settings) -> Iterator[psycopg.Connection]:
    with psycopg.connect(settings.database_url, autocommit=True) as owner:
        yield owner


def test_a_sealer_seals_tells_and_is_verified(
    settings: Settings,
    sealer: Process,
    audit: Audit,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    assert why_not_ready(settings, "sealer") is None
    metrics = scraped(settings, "sealer")
    assert metrics["lms_sealed_events"] > 10
    assert metrics["lms_seal_checkpoints_total"] >= 1
    assert metrics["lms_sealer_leading"] == 1
    assert metrics["lms_seal_lag_events"] == metrics["lms_seals_broken"] == 0

    assert audit("verify") == 0
    assert "history is as it was sealed" in capsys.readouterr().out

    export, keys = tmp_path / "export.ndjson", tmp_path / "keys.json"
    assert audit("export", "--out", export) == 0
    capsys.readouterr()
    assert audit("keys") == 0
    keys.write_text(capsys.readouterr().out)
    assert checked(export, keys, tmp_path) == (0, "PROVED")

    with superuser(settings) as owner:
        (read,) = owner.execute(
            "SELECT data FROM event_store.events WHERE type = 'audit_read.recorded.v1'"
        ).fetchall()
        assert (read[0]["query"], read[0]["count"]) == ("ExportSealedEvents", told(export))
        owner.execute(
            "UPDATE event_store.events SET data = '{}'"
            " WHERE position = (SELECT position FROM seals.leaves WHERE number = 7)"
        )
    assert audit("verify", "--kept", export, "--json") == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["kind"], problem["number"]) == ("edited", 7)

    edited = tmp_path / "edited.ndjson"
    assert audit("export", "--out", edited) == 0
    assert checked(edited, keys, tmp_path) == (1, "line 9: event number 7,")


def told(export: Path) -> int:
    """How many events it holds: all lines but the first and the last."""
    return len(export.read_text().splitlines()) - 2


def checked(export: Path, keys: Path, folder: Path) -> tuple[int, str]:
    """The exit code of `verify_export.py`, run apart from everything, and what it says first."""
    program = PROJECT / "deploy" / "verify_export.py"
    done = subprocess.run(
        [sys.executable, "-I", program, export, "--keys", keys],
        cwd=folder,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    first = done.stdout.split("\n")[0]
    said = "PROVED" if first.startswith("PROVED") else " ".join(first.split()[:5])
    return done.returncode, said


def test_a_sealer_that_was_killed_is_gone_on_with_by_another(
    settings: Settings, sealer: Process, running: Starting, audit: Audit
) -> None:
    sealer.kill()
    another(settings)
    running("sealer")
    running("sealer")
    eventually(lambda: all_signed(settings))
    assert audit("verify") == 0


def another(settings: Settings) -> None:
    """One more event."""
    with superuser(settings) as owner:
        owner.execute(
            "INSERT INTO event_store.events SELECT"
            f" {POSITION},"
            " gen_random_uuid(), 'course', 1, 'course.archived.v1', '{}', '{}'"
        )


def test_after_a_restore_nothing_is_sealed_until_it_is_accepted(
    settings: Settings, sealer: Process, running: Starting, audit: Audit
) -> None:
    before = Witness(settings.witness_file).last()
    another(settings)
    eventually(lambda: Witness(settings.witness_file).last() != before)
    sealer.stop()
    assert before is not None
    with superuser(settings) as owner:  # as from a backup of a moment ago
        owner.execute(
            "DELETE FROM event_store.events WHERE position ="
            " (SELECT position FROM seals.leaves WHERE number = %s)",
            (before.size,),
        )
        cut_off_seals(owner, before.size)
    assert audit("verify") == 1
    stopped = running("sealer")
    eventually(lambda: b"nothing is sealed" in stopped.log.read_bytes())
    assert scraped(settings, "sealer")["lms_seals_broken"] == 1
    assert audit("accept-restore") == 0
    another(settings)
    eventually(lambda: all_signed(settings))
    assert audit("verify") == 0
    (aside,) = settings.witness_file.parent.glob("checkpoints.*.ndjson")
    assert audit("verify", "--kept", aside) == 1, "what was lost stays known"


def test_checkpoints_are_told_over_nats(settings: Settings, running: Starting) -> None:
    migrate(settings)

    async def story() -> Checkpoint:
        async with Connection(settings.nats_url, "test") as nats:
            await nats.wait()
            heard = await nats.client.subscribe(CHECKPOINTS)
            await nats.client.flush()
            await asyncio.to_thread(running, "sealer")
            async with asyncio.timeout(DEADLINE):
                while True:
                    await asyncio.to_thread(another, settings)
                    try:
                        message = await heard.next_msg(timeout=0.5)
                    except TimeoutError:
                        continue
                    return Checkpoint.parse(message.data.decode())

    assert asyncio.run(story()).size >= 1


@pytest.mark.parametrize("content", ["nonsense", '{"kind":"header"}\n', "a\nb\n\nc\n"])
def test_a_file_that_proves_nothing_is_said_to(
    settings: Settings, audit: Audit, tmp_path: Path, content: str
) -> None:
    kept = tmp_path / "kept"
    kept.write_text(content)
    assert audit("verify", "--kept", kept) == 2


def test_nothing_is_exported_of_an_empty_log(settings: Settings, audit: Audit) -> None:
    migrate(settings)
    assert audit("export") == 2


def test_the_key_is_rotated(
    settings: Settings, audit: Audit, capsys: pytest.CaptureFixture[str]
) -> None:
    migrate(settings)
    assert audit("rotate-key") == 0
    kid = capsys.readouterr().out.split()[0]
    assert audit("keys") == 0
    newest, first = json.loads(capsys.readouterr().out)["keys"]
    assert newest["kid"] == kid != first["kid"]
    assert newest["origin"] == first["origin"]
