from uuid import uuid4

import pytest

from commands.notification import CreateNotification, ReadNotification
from domain.course import Course
from read_api.messages import WORDING, render
from tests.commands.system import Given, Person, System
from tests.read_api.reading import Reading

LIST = "/notifications"


def test_learners_read_what_they_were_told(
    reading: Reading,
    system: System,
    a_learner: Person,
    a_manager: Person,
    a_published_course: Course,
) -> None:
    command = CreateNotification(
        learner_id=a_learner.id,
        cause="this",
        kind="enrollment",
        subject_id=uuid4(),
        text_key="enrollment.created",
        course_id=a_published_course.id,
    )
    id = system.dispatch(command).id
    (told,) = reading.ok(LIST, a_learner)["items"]
    assert told["text"] == "You are enrolled in “Rust Programming 101”."
    assert told["read_at"] is None
    assert reading.ids(LIST, a_learner, unread=True) == [id]
    system.dispatch(ReadNotification(notification_id=id), a_learner.actor)
    assert reading.ids(LIST, a_learner, unread=True) == []
    assert reading.ids(LIST, a_learner, unread=False) == [id]
    assert reading.ids(LIST, a_manager, learner_id=a_learner.id) == []


def test_auditors_read_what_anyone_was_told(
    reading: Reading, given: Given, an_auditor: Person, a_learner: Person
) -> None:
    assert reading.ids(LIST, an_auditor, learner_id=a_learner.id) == []
    assert reading.ids(LIST, an_auditor) == []


@pytest.mark.parametrize("language", [None, "", "en", "en-GB", "xx", "xx-YY"])
def test_a_language_without_a_catalogue_reads_english(language: str | None) -> None:
    told = render("certificate.issued", {"course_title": "Rust {0}"}, language)
    assert told == "Your certificate for “Rust {0}” is ready."


def test_nothing_breaks_for_want_of_a_param_or_a_key() -> None:
    assert render("certificate.issued", {}, "en") == "Your certificate for “…” is ready."
    assert (
        render("badge.earned_twice", {"badge": "Owl", "no": ""}, "en") == "Badge earned twice: Owl"
    )
    assert render("badge.earned", {}, "en") == "Badge earned"
    assert all(render(key, {}, "en") for key in WORDING.catalogues["en"])


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("de", "Ihr Zertifikat für „Rust“ liegt bereit."),
        ("de-AT", "Ihr Zertifikat für „Rust“ liegt bereit."),
        ("fr", "Votre certificat pour « Rust » est prêt."),
    ],
)
def test_everybody_is_told_in_their_language(language: str, told: str) -> None:
    assert render("certificate.issued", {"course_title": "Rust"}, language) == told
