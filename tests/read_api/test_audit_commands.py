"""`lms audit life` and `lms audit trace` tell what the read API tells, as text."""

import base64
from uuid import uuid4

import pytest

from lms.cli import main
from tests.commands.system import MASTER_KEY, Given, Person, System
from tests.read_api.reading import Reading
from tests.servers.postgres import Database


@pytest.fixture(autouse=True)
def environment(
    shared_database: Database,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    for name, value in {
        "LMS_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "DATABASE_URL": shared_database.owner_url,
        "LMS_WRITE_DATABASE_URL": shared_database.write_url,
        "LMS_READ_DATABASE_URL": shared_database.read_url,
        "LMS_PROJECT_DATABASE_URL": shared_database.project_url,
        "LMS_MASTER_KEY": base64.b64encode(MASTER_KEY).decode(),
    }.items():
        monkeypatch.setenv(name, value)


def test_a_life_is_printed_with_what_each_event_changed(
    reading: Reading,
    given: Given,
    an_instructor: Person,
    capsys: pytest.CaptureFixture[str],
) -> None:
    course = given.a_published_course(an_instructor)
    reading.project()
    assert main(["audit", "life", str(course.id)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("    1  20")
    assert lines[0].endswith("  Course “Rust Programming 101” created by Jane Doe.")
    assert "       - Status: changed from draft to published" in lines
    assert main(["audit", "life", "--brief", str(course.id)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == course.version


def test_a_trace_is_printed_as_a_tree_with_the_people_in_it(
    reading: Reading,
    given: Given,
    a_learner: Person,
    an_instructor: Person,
    capsys: pytest.CaptureFixture[str],
) -> None:
    course = given.a_published_course(an_instructor)
    enrollment = given.an_enrollment(a_learner, course)
    reading.project()
    for id in (str(enrollment.id), f"{enrollment.id}/1"):
        assert main(["audit", "trace", id]) == 0
        text = capsys.readouterr().out
        assert "Jane Doe enrolled in version 1 of “Rust Programming 101”.\n├─ " in text
        assert "\n└─ " in text
        assert "resting on: Version 1 of course “Rust Programming 101” published by" in text
        assert f"  Jane Doe ({an_instructor.id}): events 2" in text
    assert main(["audit", "trace", "--limit", "1", "--changes", str(enrollment.id)]) == 0
    text = capsys.readouterr().out
    assert "  - Status: active" in text
    assert "There is more" in text


def test_what_is_not_there_is_an_error(system: System, capsys: pytest.CaptureFixture[str]) -> None:
    for action, id in (("life", uuid4()), ("trace", uuid4()), ("trace", f"{uuid4()}/1")):
        assert main(["audit", action, str(id)]) == 1
        assert capsys.readouterr().err.startswith("error: ")
    with pytest.raises(SystemExit):
        main(["audit", "trace", "certificate"])
