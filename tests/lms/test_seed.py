import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from signal import SIGKILL
from typing import Any
from unittest.mock import Mock
from uuid import UUID

import msgspec
import psycopg
import pytest

from commands.dispatcher import Dispatcher
from commands.organization import AddDepartment
from domain.certificate import Certificate
from domain.course import Course
from domain.enrollment import Enrollment
from domain.feedback import Feedback
from domain.identity import organization_id
from domain.learner import Learner
from domain.organization import Organization
from domain.roles import Role
from event_store.reader import Reader
from lms.composition import command_side
from lms.seeds.history.departments import PATHS, settled
from lms.seeds.history.importing import write_history
from lms.seeds.history.pieces import pieces
from lms.seeds.history.plan import Plan, Size
from lms.seeds.history.story import Act
from lms.seeds.small import plant, plant_if_new
from lms.seeds.steps import NOBODY_YET, Steps
from lms.settings import Settings, SettingsError
from policies.catalogue import POLICIES
from policies.equipment import Equipment
from policies.reactor import Reactor
from projections.catalogue import PROJECTIONS
from projections.opening import open_live
from projections.source import open_source
from projections.verify import verify
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
    for kind in ("course", "assessment", "survey"):
        assert types.count(f"{kind}.translated.v1") == 1
    with psycopg.connect(database.owner_url) as connection:
        hashes = connection.execute("SELECT password_hash FROM access.credentials").fetchall()
        placed = connection.execute("SELECT department_id FROM access.placements").fetchall()
    assert len(set(hashes)) == 6
    assert types.count("organization.department_added.v1") == len(set(placed)) == 5
    assert len(placed) == 6, "everybody has a department of the tree"


def test_seeding_that_was_killed_is_completed(settings: Settings, database: Database) -> None:
    left = kill_once_it_has_written(start_seeding(settings), database, 12)
    plant_if_new(settings)
    killed = log_of(database)
    assert left < len(killed)
    assert start_seeding(settings).wait() == 0
    assert log_of(database) == killed, "nothing was left to do"
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


SIZE = Size(people=50, courses=3)


def write(settings: Settings, size: Size = SIZE) -> int:
    with command_side(settings, connections=2) as side:
        return write_history(side, size, lambda *_: None)


def test_a_history_is_whole_and_can_be_read(settings: Settings, database: Database) -> None:
    events = write(settings)
    with open_source(database.project_url, settings.master_key) as source:
        records = source.log.read(0, events + 1)
        assert len(records) == events
        decoded = [source.decode(record) for record in records]
    versions: dict[UUID, int] = {}
    for record in records:
        assert record.version == versions.get(record.stream_id, 0) + 1
        versions[record.stream_id] = record.version
        assert record.read_metadata().imported
    for event in decoded:
        assert event.timestamp < datetime.now(UTC)
    happened = {type(event) for event in decoded}
    assert {Enrollment.Completed, Certificate.Issued, Feedback.Submitted} <= happened


def test_what_must_come_first_came_first(settings: Settings, database: Database) -> None:
    """Who learns was registered before; what is learnt was published before."""
    write(settings)
    with open_source(database.project_url, settings.master_key) as source:
        records = source.log.read(0, 100_000)
        begun = {
            event.originator_id: event.timestamp
            for event in map(source.decode, records)
            if isinstance(event, Learner.Registered | Course.Created)
        }
        for event in map(source.decode, records):
            if isinstance(event, Enrollment.Created):
                assert event.timestamp > begun[event.learner_id]
                assert event.timestamp > begun[event.course_id]


def test_read_models_can_be_built_from_a_history(settings: Settings, database: Database) -> None:
    write(settings)
    with open_source(database.project_url, settings.master_key) as source:
        for projection in PROJECTIONS:
            track = open_live(projection, source)
            track.close()
            outcome = verify(projection, source)
            assert outcome.holds, outcome
    with psycopg.connect(database.owner_url) as connection:
        parked = connection.execute("SELECT error FROM projections.parked").fetchall()
        row = connection.execute(
            "SELECT count(*) FILTER (WHERE c.enrollment_id IS NULL)"
            " FROM read_models.enrollment e"
            " LEFT JOIN read_models.certificate c ON c.enrollment_id = e.id"
            " WHERE e.status = 'completed'"
        ).fetchone()
    assert parked == []
    assert row == (0,), "every completion is certified"


def test_a_history_is_written_once(settings: Settings, database: Database) -> None:
    assert write(settings) > 0
    once = log_of(database)
    assert write(settings) == 0
    assert log_of(database) == once


def test_a_history_that_was_killed_is_completed(settings: Settings, database: Database) -> None:
    plant(settings)
    small = count(database)
    seeding = start_seeding(settings, "--people", "50", "--courses", "3")
    left = kill_once_it_has_written(seeding, database, small + 500)
    written = write(settings)
    assert written > 0
    assert left + written == count(database)
    with psycopg.connect(database.owner_url) as connection:
        gaps = connection.execute(
            "SELECT stream_id FROM event_store.events GROUP BY stream_id"
            " HAVING max(version) <> count(*)"
        ).fetchall()
        lives = connection.execute(
            "SELECT count(*) FROM event_store.events WHERE type = 'learner.registered.v1'"
        ).fetchone()
    assert gaps == []
    assert lives == (50 + 6,)


def told_of(size: Size) -> list[Act]:
    """Everything that happened where there were no departments before."""
    until = datetime(2026, 3, 14, tzinfo=UTC)
    organization = Organization.found(at=until)
    plan, acts = settled(Plan(size, until, {}), organization)
    return [*acts, *(act for piece in pieces(plan) for act in piece.tell())]


def test_the_same_numbers_make_the_same_history() -> None:
    def told(seed: int) -> list[object]:
        return [
            (act.at, act.command, act.command_id, [vars(event) for event in act.events])
            for act in told_of(Size(20, 3, seed))
        ]

    assert told(1) == told(1)
    assert told(1) != told(2)


def test_everybody_has_a_department_of_the_tree(settings: Settings, database: Database) -> None:
    """Of the one that the small seeds have begun: `Engineering` is there once."""
    plant(settings)
    write(settings)
    with psycopg.connect(database.owner_url) as connection:
        placed = connection.execute(
            "SELECT count(*), count(DISTINCT department_id) FROM access.placements"
        ).fetchone()
        administrators = connection.execute("SELECT FROM access.administrators").fetchall()
    assert placed is not None
    assert placed[0] == SIZE.people + 6
    assert placed[1] > 10
    assert len(administrators) == 2
    with command_side(settings, connections=2) as side:
        organization = side.log.find_latest(Organization, organization_id())
    assert organization is not None
    names = [each.name for each in organization.departments.values()]
    assert names.count("Engineering") == 1
    assert len(names) == len(PATHS) + 4


def test_departments_that_others_add_meanwhile_do_no_harm(
    settings: Settings, database: Database
) -> None:
    write(settings)
    with command_side(settings, connections=2) as side:
        steps = Steps(side)
        steps.take("sales", AddDepartment(name="Night shift"), NOBODY_YET)
    another = Size(people=10, courses=1, seed=2)
    assert write(settings, another) > 0
    assert write(settings, another) == 0


def test_heads_look_after_their_departments_and_people_have_skills() -> None:
    acts = told_of(Size(60, 3))
    learners: dict[UUID, Any] = {}
    for event in (event for act in acts for event in act.events):
        if isinstance(event, Learner.Registered | Learner.RolesChanged | Learner.SkillAssessed):
            learners[event.originator_id] = event.mutate(learners.get(event.originator_id))
        elif event.originator_id in learners:
            event.mutate(learners[event.originator_id])
    heads = [each for each in learners.values() if Role.DEPARTMENT_ADMIN in each.roles]
    assert [head.administers for head in heads] == [[head.department_id] for head in heads]
    assert len(heads) == 10
    skilled = [each for each in learners.values() if each.skills]
    assert skilled
    assert all(1 <= level <= 5 for each in skilled for level in each.skills.values())


@pytest.mark.parametrize("people", [1, 2, 7, 40])
def test_the_smallest_organisations_have_a_history_too(people: int) -> None:
    acts = told_of(Size(people, 1))
    registered = [act for act in acts if act.command == "RegisterLearner"]
    assert len(registered) == people
    ids = {event.originator_id for act in registered for event in act.events}
    managers = {event.manager_id for act in registered for event in act.events[:1]}
    assert managers - {None} <= ids


def test_policies_pass_over_an_imported_history(settings: Settings, database: Database) -> None:
    write(settings)
    dispatcher = Mock(spec=Dispatcher)
    with command_side(settings, connections=2) as side:
        reader = Reader(side.pool)
        reactor = Reactor(Equipment(side.pool, reader, side.log.mapper.decode, dispatcher))
        followed = [
            (policy, record)
            for record in reader.read(0, 100_000)
            for policy in POLICIES
            if record.type in policy.handlers
        ]
        for policy, record in followed:
            reactor.react(policy, record)
    assert followed
    dispatcher.dispatch.assert_not_called()
