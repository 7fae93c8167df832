"""A person leaves, and nothing that they were called or have said is left in any store's bytes.

Looked through is every file of the running system: of Postgres (tables, indexes, statistics, the
write-ahead log), of NATS, of DuckDB, all logs, mail that was written into a folder. What is sealed
stays, and nobody can read it: the wrapped key is looked for as well.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import psycopg
import pytest

from tests.journey.cast import Cast, Learner, WrittenCourse
from tests.journey.lms import Json, Lms, Person, eventually
from tests.provisioning.scim import PATCH
from tests.servers.stack import Stack

WITHIN: Final = 60.0
ERASED = "erased person"


class Leaver:
    """Somebody with words that nobody else uses; all are ASCII, for bytes are compared."""

    def __init__(self) -> None:
        self.mark = uuid4().hex[:10]
        self.username = f"zaphod-{self.mark}"
        self.former_email = f"before-{self.mark}@example.com"
        self.email = f"{self.username}@example.com"
        self.words = {
            word: f"{word} xq{self.mark}z" for word in ("feedback", "testimonial", "survey")
        }

    @property
    def needles(self) -> list[bytes]:
        """In every spelling that a store may use: an index keeps words in lower case."""
        return [self.mark.encode()]


@pytest.fixture
def officers(cast: Cast) -> tuple[Learner, Learner]:
    return cast.somebody("admin"), cast.somebody("admin")


@pytest.fixture
def leaver() -> Leaver:
    return Leaver()


def lives(
    leaver: Leaver, cast: Cast, admin: Person, instructor: Person, course: WrittenCourse
) -> Learner:
    """Everything that leaves traces of what a person is called and says."""
    person = cast.somebody(
        username=leaver.username,
        email=leaver.former_email,
        full_name=f"Zaphod {leaver.mark}",
        job_role="Traveller",
    )
    person.username = leaver.username
    admin.changes("PATCH", f"/users/{person.id}", {"email": leaver.email})
    patch = {
        "schemas": [PATCH],
        "Operations": [{"op": "replace", "path": "name.givenName", "value": f"Z{leaver.mark}"}],
    }
    assert admin.sends("PATCH", f"/scim/v2/Users/{person.id}", patch).status_code == 204
    person.completes(course)
    person.certificate(course)
    said = {"course_id": course.id, "rating": 4, "feedback_text": leaver.words["feedback"]}
    person.creates("/feedback", said)
    praise = {"course_id": course.id, "rating": 5, "text": leaver.words["testimonial"]}
    testimonial = person.creates("/testimonials", praise | {"anonymous": False})
    instructor.changes("POST", f"/testimonials/{testimonial}/approve")
    person.is_told("survey", course.survey)
    questions = person.sees(f"/surveys/{course.survey}")["questions"]
    answers = [
        {"question_id": questions[0]["id"], "rating": 4},
        {"question_id": questions[2]["id"], "text": leaver.words["survey"]},
    ]
    person.creates(f"/surveys/{course.survey}/responses", {"answers": answers})
    http = person.lms.http
    http.post("/login", json={"username": leaver.username, "password": "wrong"})
    http.post("/password-reset", json={"username": leaver.username})
    return person


def files(stack: Stack) -> Iterator[Path]:
    """All files of the system. As root, Postgres keeps its own where its account gets in."""
    folder = stack.settings.data_dir
    moved = [Path(file.read_text().strip()) for file in folder.rglob("moved-to")]
    for each in (folder, *moved):
        yield from (file for file in each.rglob("*") if file.is_file())
    yield stack.log


def places(stack: Stack, needles: list[bytes]) -> set[str]:
    """Where any of the needles stands."""
    found = set()
    for file in files(stack):
        try:
            content = file.read_bytes().lower()
        except FileNotFoundError:
            continue  # removed meanwhile
        if any(needle.lower() in content for needle in needles):
            found.add(str(file))
    return found


def written_to_disk(stack: Stack) -> None:
    """What Postgres still keeps in memory gets into its files."""
    with psycopg.connect(stack.settings.database_url, autocommit=True) as owner:
        owner.execute("ANALYZE")
        owner.execute("CHECKPOINT")


def wrapped_key(stack: Stack, person_id: str) -> bytes:
    with psycopg.connect(stack.settings.database_url) as owner:
        row = owner.execute(
            "SELECT wrapped_key FROM event_store.personal_keys WHERE person_id = %s", (person_id,)
        ).fetchone()
    assert row is not None
    return bytes(row[0])


def figures(analyst: Person, course: WrittenCourse) -> list[object]:
    """All statistics that the person counts in."""
    sql = f"""SELECT (SELECT count(*) FROM dim_learner), (SELECT count(*) FROM raw.events
        WHERE type = 'learner.registered.v1'), (SELECT count(*) FROM fact_enrollment WHERE
        course_id = '{course.id}'), (SELECT avg(rating) FROM fact_rating WHERE
        course_id = '{course.id}'), (SELECT avg(score) FROM fact_attempt WHERE
        course_id = '{course.id}')"""
    rows: list[object] = analyst.sees("/analytics/sql", query=sql)["rows"]
    return rows


@pytest.mark.slow
def test_a_person_leaves_and_no_byte_of_what_they_said_is_left(
    leaver: Leaver,
    cast: Cast,
    lms: Lms,
    stack: Stack,
    admin: Person,
    instructor: Person,
    analyst: Person,
    auditor: Person,
    officers: tuple[Learner, Learner],
) -> None:
    course = cast.a_course(instructor)
    person = lives(leaver, cast, admin, instructor, course)
    id, token = person.id, person.token
    eventually(
        lambda: any(leaver.mark in str(place) or "outbox" in place for place in mailed(stack)),
        "mail",
    )
    written_to_disk(stack)
    before = places(stack, leaver.needles)
    assert {part for part in ("base", "pg_wal", "outbox") if any(part in x for x in before)} == {
        "base",
        "pg_wal",
        "outbox",
    }
    key = wrapped_key(stack, id)
    assert places(stack, [key])
    counted = figures(analyst, course)

    one, other = officers
    asked = one.sends("POST", f"/users/{id}/erase", {"legal_basis": "consent-withdrawn"})
    assert asked.status_code == 202
    assert one.sends("POST", f"/erasures/{asked.json()['id']}/approve").status_code == 403
    other.changes("POST", f"/erasures/{asked.json()['id']}/approve")
    bearer = {"Authorization": f"Bearer {token}"}
    eventually(lambda: lms.http.get("/me", headers=bearer).status_code == 401, "log-out", 2.0)

    def scrubbed() -> Json | None:
        erasure = auditor.sees(f"/erasures/{asked.json()['id']}")
        return erasure if erasure["state"] == "scrubbed" else None

    erasure = eventually(scrubbed, "scrubbed", WITHIN)
    assert "write-ahead log" in erasure["places"]
    assert places(stack, [*leaver.needles, key]) == set()
    reads_erased(id, course, leaver, admin, auditor)
    assert figures(analyst, course) == counted
    tells_the_erasure(id, str(asked.json()["id"]), one.id, other.id, auditor)
    refused = lms.http.post(
        "/login", json={"username": leaver.username, "password": person.password}
    )
    assert refused.status_code == 401


def mailed(stack: Stack) -> list[str]:
    return [str(file) for file in (stack.settings.data_dir / "outbox").glob("*.eml")]


def reads_erased(
    id: str, course: WrittenCourse, leaver: Leaver, admin: Person, auditor: Person
) -> None:
    """In every view, and nowhere what was there before."""
    account = admin.sees(f"/users/{id}")
    assert (account["full_name"], account["email"], account["active"]) == (ERASED, ERASED, False)
    certificate = auditor.lists("/certificates", course_id=course.id)[0]
    assert certificate["holder_name"] == ERASED
    verified = admin.lms.http.get(f"/verify/{certificate['number']}")
    assert verified.json()["holder_name"] == ERASED
    assert (
        "erased"
        in admin.lms.http.get(
            f"/verify/{certificate['number']}", headers={"Accept": "text/html"}
        ).text
    )
    assert admin.sends("GET", f"/scim/v2/Users/{id}").status_code == 404
    for path in ("/feedback", "/testimonials", "/enrollments", "/users"):
        answer = auditor.asks(path, limit=100)
        assert answer.status_code == 200
        assert leaver.mark not in answer.text
    assert leaver.mark not in auditor.asks(f"/surveys/{course.survey}/results").text
    assert leaver.mark not in auditor.asks(f"/audit/streams/{id}", limit=100).text


def tells_the_erasure(
    id: str, erasure_id: str, asked_by: str, approved_by: str, auditor: Person
) -> None:
    """Who, when, and on what legal basis, in the trail."""
    trail = auditor.lists(f"/audit/streams/{erasure_id}", limit=100)
    assert [each["event"]["type"] for each in trail][:3] == [
        "erasure.requested.v1",
        "erasure.approved.v1",
        "erasure.carried_out.v1",
    ]
    assert "consent-withdrawn" in str(trail[0])
    assert asked_by in str(trail[0])
    assert approved_by in str(trail[1])
    assert "learner.erased.v1" in str(auditor.lists(f"/audit/streams/{id}", limit=100)[-1])
