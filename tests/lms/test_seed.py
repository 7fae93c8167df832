import os
import subprocess
import sys
import time
from signal import SIGKILL

import msgspec
import psycopg
import pytest

from lms.seeds.small import plant, plant_if_new
from lms.settings import Settings, SettingsError
from tests.servers.postgres import Database

DEADLINE = 60.0


def log_of(database: Database) -> list[tuple[str, int, str, str]]:
    with psycopg.connect(database.owner_url) as connection:
        return connection.execute(
            "SELECT stream_id::text, version, type, data::text FROM event_store.events"
            " ORDER BY position"
        ).fetchall()


def count(database: Database) -> int:
    with psycopg.connect(database.owner_url) as connection:
        row = connection.execute("SELECT count(*) FROM event_store.events").fetchone()
    assert row is not None
    return int(row[0])


def start_seeding(settings: Settings, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **settings.environment()}
    command = [sys.executable, "-m", "lms", "seed", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def kill_once_it_has_written(
    seeding: subprocess.Popen[bytes], database: Database, events: int
) -> int:
    """Kills it in the middle; returns how many events it has left."""
    limit = time.monotonic() + DEADLINE
    while count(database) < events:
        assert seeding.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < limit
    os.kill(seeding.pid, SIGKILL)
    assert seeding.wait() == -SIGKILL
    return count(database)


def types_in(log: list[tuple[str, int, str, str]]) -> list[str]:
    return [type for _, _, type, _ in log]


def test_seeding_twice_leaves_the_log_as_it_was(settings: Settings, database: Database) -> None:
    assert plant(settings) > 0
    once = log_of(database)
    assert plant(settings) == 0
    assert log_of(database) == once


def test_everyone_can_log_in_and_john_is_learning(settings: Settings, database: Database) -> None:
    plant(settings)
    types = types_in(log_of(database))
    assert types.count("learner.registered.v1") == 6
    assert types.count("assessment.question_added.v1") == 5
    assert types.count("course.module_added.v1") == 2
    assert types.count("enrollment.created.v1") == 1
    assert types.count("enrollment.lesson_completed.v1") == 1
    assert "survey.published.v1" in types
    with psycopg.connect(database.owner_url) as connection:
        hashes = connection.execute("SELECT password_hash FROM access.credentials").fetchall()
    assert len(set(hashes)) == 6


def test_seeding_that_was_killed_is_completed(settings: Settings, database: Database) -> None:
    left = kill_once_it_has_written(start_seeding(settings), database, 12)
    plant_if_new(settings)
    killed = log_of(database)
    assert left < len(killed)
    assert start_seeding(settings).wait() == 0
    assert log_of(database) == killed
    streams_at = [(stream, version) for stream, version, _, _ in killed]
    assert len(set(streams_at)) == len(killed)
    assert types_in(killed)[-3:] == [
        "enrollment.progress_updated.v1",
        "enrollment.lesson_completed.v1",
        "enrollment.progress_updated.v1",
    ]


def test_a_log_that_others_have_begun_is_left_alone(settings: Settings, database: Database) -> None:
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(
            "INSERT INTO event_store.events"
            " (position, stream_id, stream_type, version, type, data, metadata)"
            " VALUES (1, gen_random_uuid(), 'x', 1, 'x.happened.v1', '{}', '{}')"
        )
    assert plant_if_new(settings) == 0
    assert count(database) == 1


def test_another_password_later_changes_nobodys(settings: Settings, database: Database) -> None:
    plant(settings)
    seeded = log_of(database)
    plant(msgspec.structs.replace(settings, seed_password="quite another one"))
    assert log_of(database) == seeded
    assert settings.data_folder().secrets().seed_password == settings.seed_password


def test_a_weak_password_is_refused_before_anything_is_written(
    settings: Settings, database: Database
) -> None:
    weak = msgspec.structs.replace(settings, seed_password="short")
    with pytest.raises(SettingsError, match="LMS_SEED_PASSWORD is too weak"):
        plant_if_new(weak)
    assert count(database) == 0
