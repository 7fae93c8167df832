"""Something a learner is told."""

from typing import Any

import pytest

from domain.errors import Invalid
from domain.notification import Notification
from tests.domain.grammar import NOW, NUL, STREAM, TOO_LONG, a_uuid, bad_text, fact, given, when_new

JANE = a_uuid(1)
MESSAGE: dict[str, Any] = {
    "learner_id": JANE,
    "kind": "certificate_issued",
    "subject_id": a_uuid(2),
    "text_key": "certificate.issued",
    "params": {"course_title": "Rust Programming 101"},
}
created = fact(Notification.Created, **MESSAGE)
was_read = fact(Notification.Read, learner_id=JANE)


def create(**changed: Any) -> Any:
    return lambda: Notification.create(id=STREAM, **(MESSAGE | changed), at=NOW)


def read(notification: Notification) -> None:
    notification.read(at=NOW)


def test_it_is_created_unread() -> None:
    assert not when_new(create()).then(created).was_read


def test_reading_it_twice_is_reading_it_once() -> None:
    given(Notification, created).when(read).then(was_read)
    given(Notification, created, was_read).when(read).nothing()


@bad_text
def test_texts_are_bounded(bad: str) -> None:
    when_new(create(kind=bad)).refuses(Invalid, "kind")
    when_new(create(text_key=bad)).refuses(Invalid, "text_key")


@pytest.mark.parametrize("bad", [TOO_LONG, NUL])
def test_params_are_bounded(bad: str) -> None:
    when_new(create(params={"a": bad})).refuses(Invalid, "params.a")
    when_new(create(params={str(n): "" for n in range(21)})).refuses(Invalid, "params")
