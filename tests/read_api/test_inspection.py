import csv
import io
import json
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from pypdf import PdfReader

from commands.certificate import IssueCertificate, RevokeCertificate
from domain.course import Course
from read_api.inspecting import verify_inspection
from read_api.inspecting.tables import cell
from tests.commands.system import ADMIN, Given, Person, System, an_answer_sheet
from tests.lms.waiting import eventually
from tests.read_api.reading import Reading
from tests.servers.postgres import Database

EXPORT = "/audit/export"


@pytest.fixture
def a_certificate(
    given: Given, system: System, a_learner: Person, a_published_course: Course
) -> UUID:
    """Of `a_learner`, for `a_published_course`; revoked since."""
    enrollment = given.a_completed_enrollment(a_learner, a_published_course)
    id = system.dispatch(IssueCertificate(enrollment_id=enrollment.id)).id
    system.dispatch(RevokeCertificate(certificate_id=id, reason="=Wrong person"), ADMIN)
    return id


def copies(reading: Reading, by: Person, **params: Any) -> zipfile.ZipFile:
    """The ZIP file that is answered, which holds."""
    answer = reading.get(EXPORT, by, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Length"] == str(len(answer.content))
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert verify_inspection.check(archive) == []
    return archive


def table(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))


def events_of(archive: zipfile.ZipFile) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read("events.ndjson").splitlines()]


def printed(archive: zipfile.ZipFile, name: str) -> str:
    pages = PdfReader(io.BytesIO(archive.read(name))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.mark.usefixtures("a_certificate")
def test_the_records_of_a_person_are_complete_for_people_and_for_programs(
    reading: Reading, an_auditor: Person, a_learner: Person, a_published_course: Course
) -> None:
    archive = copies(reading, an_auditor, subject=a_learner.id, reason="Yearly inspection")
    (training,) = table(archive, "trainings.csv")
    assert training["course_name"] == a_published_course.title
    assert training["learner_id"] == str(a_learner.id)
    assert training["status"] == "completed"
    assert training["completed_at"]
    (certificate,) = table(archive, "certificates.csv")
    assert certificate["number"]
    assert certificate["revocation_reason"] == "'=Wrong person"
    types = {event["type"] for event in events_of(archive)}
    assert {"learner.registered.v1", "enrollment.completed.v1", "certificate.revoked.v1"} <= types
    records = printed(archive, "records-001.pdf")
    for text in ("Yearly inspection", a_published_course.title, certificate["number"], "page 1 of"):
        assert text in records
    assert "Certificate revoked" in printed(archive, "trail-001.pdf")


@pytest.mark.usefixtures("a_certificate")
def test_events_are_copied_to_the_byte_and_only_they(
    reading: Reading, an_auditor: Person, a_learner: Person, shared_database: Database
) -> None:
    archive = copies(reading, an_auditor, subject=a_learner.id)
    with psycopg.connect(shared_database.owner_url) as owner:
        stored = owner.execute(
            "SELECT position, data::text, metadata::text FROM event_store.events"
            " WHERE stream_id = %(id)s OR data->>'learner_id' = %(id)s::text ORDER BY position",
            {"id": a_learner.id},
        ).fetchall()
    about = [row for row in stored if "notification" not in row[1]]
    copied = [(each["position"], each["data"], each["metadata"]) for each in events_of(archive)]
    assert [row for row in about if row not in copied] == []
    assert {row[0] for row in copied} >= {row[0] for row in about}
    assert len(table(archive, "trail.csv")) == len(copied)


def test_a_course_is_told_by_its_learners(
    reading: Reading,
    given: Given,
    system: System,
    an_auditor: Person,
    an_instructor: Person,
    a_learner: Person,
    a_stranger: Person,
) -> None:
    course = given.a_published_course(an_instructor)
    other = given.a_published_course(an_instructor)
    assessment = given.a_published_assessment(an_instructor, course)
    for learner in (a_learner, a_stranger):
        given.an_enrollment(learner, course)
        given.an_enrollment(learner, other)
    attempt = given.an_attempt(a_learner, assessment)
    system.dispatch(an_answer_sheet(attempt, assessment, right=True), a_learner.actor)
    archive = copies(reading, an_auditor, course_id=course.id)
    assert {row["learner_id"] for row in table(archive, "trainings.csv")} == {
        str(a_learner.id),
        str(a_stranger.id),
    }
    assert {row["course_id"] for row in table(archive, "trainings.csv")} == {str(course.id)}
    (row,) = table(archive, "attempts.csv")
    assert (row["score"], row["passed"], row["graded_by"]) == ("100.0", "True", "auto")
    streams = {event["stream_type"] for event in events_of(archive)}
    assert streams >= {"course", "assessment", "enrollment", "attempt", "attempt_series"}
    one = copies(reading, an_auditor, course_id=course.id, subject=a_stranger.id)
    assert {row["learner_id"] for row in table(one, "trainings.csv")} == {str(a_stranger.id)}


@pytest.mark.usefixtures("a_certificate")
def test_a_period_bounds_the_events_but_not_what_they_began_with(
    reading: Reading, an_auditor: Person, a_learner: Person
) -> None:
    whole = events_of(copies(reading, an_auditor, subject=a_learner.id))
    middle, last = whole[len(whole) // 2]["recorded_at"], whole[-1]["recorded_at"]
    part = copies(reading, an_auditor, subject=a_learner.id, **{"from": middle, "to": last})
    assert events_of(part) == [one for one in whole if middle <= one["recorded_at"] < last]
    assert len(table(part, "trainings.csv")) == 1
    recently = copies(reading, an_auditor, **{"from": last})
    assert whole[-1] in events_of(recently)


@pytest.mark.usefixtures("a_certificate")
def test_whoever_changes_anything_is_found_out(
    reading: Reading, an_auditor: Person, a_learner: Person, tmp_path: Path
) -> None:
    archive = copies(reading, an_auditor, subject=a_learner.id)
    files = {name: archive.read(name) for name in archive.namelist()}
    key = reading.ok(f"{EXPORT}/key", an_auditor)["kid"]

    def zipped(changed: dict[str, bytes]) -> Path:
        file = tmp_path / "inspection.zip"
        with zipfile.ZipFile(file, "w") as out:
            for name, content in changed.items():
                out.writestr(name, content)
        return file

    def faults(changed: dict[str, bytes], key: str | None = None) -> list[str]:
        with zipfile.ZipFile(zipped(changed)) as archive:
            return verify_inspection.check(archive, key)

    def edited(name: str) -> dict[str, bytes]:
        return files | {name: files[name] + b" "}

    without = {name: content for name, content in files.items() if name != "events.ndjson"}
    assert faults(files, key) == []
    assert faults(edited("trainings.csv")) == ["trainings.csv was changed"]
    assert faults(edited("manifest.json")) == ["manifest.json is not what was signed"]
    assert faults(files | {"more.csv": b""}) == ["more.csv was added"]
    assert faults(without) == ["events.ndjson is missing"]
    assert faults(files, "another") == [f"it is signed by another key: {key}"]
    script = tmp_path / "verify_inspection.py"
    script.write_bytes(files["verify_inspection.py"])
    command = [sys.executable, str(script), str(zipped(files)), "--key-id", key]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said == f"Everything is as it was signed, by the key {key}.\n"


def test_what_makes_no_sense_is_refused(
    reading: Reading, an_auditor: Person, a_learner: Person
) -> None:
    def refused(**params: Any) -> str:
        answer = reading.get(EXPORT, an_auditor, params=params)
        assert answer.status_code == 422, answer.text
        field: str = answer.json()["errors"][0]["field"]
        return field

    assert refused() == "subject"
    assert refused(subject=uuid4()) == "subject"
    assert refused(course_id=uuid4()) == "course_id"
    assert refused(**{"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}) == "to"
    assert refused(**{"from": "2026-01-02T00:00:00"}) == "from"
    assert refused(**{"from": "0001-01-01T00:00:00+14:00"}) == "from"
    assert reading.status(EXPORT, a_learner, params={"subject": a_learner.id}) == 403
    assert reading.status(f"{EXPORT}/key", a_learner) == 403


def test_any_reason_can_be_printed(reading: Reading, an_auditor: Person, a_learner: Person) -> None:
    reason = '#panic("x") $x$ \\ \x07 山田 محمد ' + "W" * 200
    archive = copies(reading, an_auditor, subject=a_learner.id, reason=reason)
    assert json.loads(archive.read("manifest.json"))["asked"]["reason"] == reason


def test_too_much_is_refused_with_a_way_out(
    reading: Reading, an_auditor: Person, a_learner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("read_api.inspection.MOST_EVENTS", 0)
    problem = reading.get(EXPORT, an_auditor, params={"subject": a_learner.id}).json()
    assert problem["type"] == "/problems/inspection-too-large"
    assert "lms inspection" in problem["detail"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert cell("Ann =1") == "Ann =1"
    assert cell(-1) == -1


def test_whoever_comes_while_copies_are_made_is_asked_to_come_again(
    reading: Reading, shared_database: Database, an_auditor: Person, a_learner: Person
) -> None:
    reading.project()
    with psycopg.connect(shared_database.owner_url) as owner, ThreadPoolExecutor(1) as other:
        owner.execute("LOCK TABLE read_models.feedback IN ACCESS EXCLUSIVE MODE")
        first = other.submit(reading.get, EXPORT, an_auditor, params={"subject": a_learner.id})
        eventually(lambda: somebody_waits(shared_database))
        answer = reading.get(EXPORT, an_auditor, params={"subject": a_learner.id}, project=False)
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/inspection-busy")
        assert answer.headers["Retry-After"] == "10"
        owner.rollback()
        assert first.result().status_code == 200
    assert reading.status(EXPORT, an_auditor, params={"subject": a_learner.id}) == 200


def somebody_waits(database: Database) -> bool:
    sql = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"
    with psycopg.connect(database.owner_url) as owner:
        return owner.execute(sql, (database.name,)).fetchone() is not None
