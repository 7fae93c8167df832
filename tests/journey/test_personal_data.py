"""A copy of everything that is kept about me: who gets it, and that it is recorded."""

import io
import json
import zipfile
from uuid import uuid4

import psycopg

from tests.journey.cast import Cast, Learner, WrittenCourse
from tests.journey.lms import Person, eventually
from tests.journey.test_refusals import problem
from tests.journey.test_tokens import stale_admin
from tests.servers.stack import Stack

__all__ = ["stale_admin"]


def copy_of(person: Person, id: str) -> dict[str, str]:
    """The files that somebody gets, as text."""
    answer = person.sends("GET", f"/users/{id}/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as zipped:
        assert zipped.testzip() is None
        return {name: zipped.read(name).decode("latin-1") for name in zipped.namelist()}


def test_a_person_gets_everything_about_themselves_and_no_secret(
    learner: Learner, course: WrittenCourse, stack: Stack
) -> None:
    learner.completes(course)
    number = learner.certificate(course)["number"]
    files = copy_of(learner, learner.id)
    assert files[f"certificates/{number}.pdf"].startswith("%PDF")
    assert json.loads(files["profile.json"])["username"] == learner.username
    attempt = json.loads(files["attempts.ndjson"].splitlines()[0])
    assert attempt["course_id"] == course.id
    assert attempt["answers"][0]["answers"]
    assert "learner.logged_in.v1" in files["events/learner.ndjson"]
    with psycopg.connect(stack.settings.database_url) as owner:
        row = owner.execute(
            "SELECT password_hash FROM access.credentials WHERE learner_id = %s", [learner.id]
        ).fetchone()
    assert row is not None
    whole = "".join(files.values())
    assert row[0] not in whole
    assert learner.password not in whole


def test_it_is_recorded_who_got_it(admin: Person, learner: Learner) -> None:
    copy_of(admin, learner.id)
    events = eventually(
        lambda: [
            line
            for line in copy_of(learner, learner.id)["events/learner.ndjson"].splitlines()
            if "learner.data_exported" in line
        ],
        "the record",
    )
    assert json.loads(events[0])["by"] == "another person"
    assert json.loads(events[0])["data"]["exported_by"] == "another person"


def test_nobody_else_gets_it(
    cast: Cast, learner: Learner, admin: Person, stale_admin: dict[str, str]
) -> None:
    stranger = cast.somebody("employee")
    path = f"/users/{learner.id}/export"
    problem(stranger.sends("GET", path), 404, "not-found")
    problem(admin.sends("GET", f"/users/{uuid4()}/export"), 404, "not-found")
    refused = learner.lms.http.get(path, headers=stale_admin)
    problem(refused, 403, "step-up-required")
    assert "insufficient_user_authentication" in refused.headers["WWW-Authenticate"]


def test_of_an_erased_person_there_is_nothing(cast: Cast, admin: Person, stack: Stack) -> None:
    gone = cast.somebody("employee")
    with psycopg.connect(stack.settings.database_url, autocommit=True) as owner:
        owner.execute(
            "UPDATE event_store.personal_keys SET wrapped_key = NULL, destroyed_at = now()"
            " WHERE person_id = %s",
            [gone.id],
        )
    problem(admin.sends("GET", f"/users/{gone.id}/export"), 410, "person-erased")
