"""Passwords forgotten, expired and refused: by HTTP, and by the mail that comes."""

import re
import statistics
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from uuid import uuid4

import psycopg
import pytest

from tests.journey.cast import NEW_PASSWORD, Learner
from tests.journey.lms import Json, Lms, Person, body_of, eventually
from tests.journey.test_refusals import fields, problem
from tests.servers.stack import Stack

NEXT = "a pelican on a staple"
Mails = Callable[[str, str], list[EmailMessage]]


@pytest.fixture
def elsewhere(lms: Lms) -> Iterator[Lms]:
    """Calls from an address that no other test uses."""
    with lms.from_address("127.0.0.11") as other:
        yield other


@pytest.fixture(scope="session")
def mails(stack: Stack) -> Mails:
    """What was sent to a person, with words of the subject."""

    def found(username: str, subject: str) -> list[EmailMessage]:
        outbox = stack.settings.data_dir / "outbox"
        read = [
            message_from_bytes(file.read_bytes(), policy=policy.default)
            for file in sorted(outbox.glob("*.eml"))
        ]
        return [
            mail
            for mail in read
            if isinstance(mail, EmailMessage)
            and f"{username}@example.com" in mail["To"]
            and subject in mail["Subject"]
        ]

    return found


def link_to(username: str, mails: Mails) -> tuple[str, str]:
    """The page and the token of the last link that was mailed."""
    mail = eventually(lambda: mails(username, "Choose a new password"), "mail")[-1]
    found = re.search(r"(https?://\S+)#(\S+)", mail.get_content())
    assert found
    return found[1], found[2]


def test_who_has_forgotten_a_password_chooses_another_by_a_mailed_link(
    lms: Lms, elsewhere: Lms, stack: Stack, learner: Learner, mails: Mails
) -> None:
    tokens = lms.tokens(learner.username, learner.password)
    wish = {"username": f"{learner.username}@example.com"}
    asked = elsewhere.http.post("/password-reset", json=wish)
    body_of(asked, 202)
    assert asked.headers["Cache-Control"] == "no-store"
    page, token = link_to(learner.username, mails)
    assert page == f"{stack.url}/password-reset"
    shown = elsewhere.http.get(page)
    assert shown.status_code == 200
    assert shown.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    path = f"/password-reset/{token}"
    weak = elsewhere.http.post(path, json={"password": "password"})
    assert token not in problem(weak, 422, "weak-password")["instance"]
    assert token not in weak.text
    body_of(elsewhere.http.post(path, json={"password": NEXT}), 200)
    again = elsewhere.http.post(path, json={"password": NEXT})
    assert problem(again, 404, "invalid-reset-link")["instance"] == "/password-reset/***"
    refresh = {"refresh_token": tokens["refresh_token"]}
    problem(lms.http.post("/login/refresh", json=refresh), 401, "invalid-refresh-token")
    old = {"username": learner.username, "password": NEW_PASSWORD}
    problem(elsewhere.http.post("/login", json=old), 401, "invalid-credentials")
    assert elsewhere.tokens(learner.username, NEXT)
    eventually(lambda: mails(learner.username, "was changed"), "mail about the change")


def test_asking_tells_nothing_about_a_name(elsewhere: Lms, learner: Learner) -> None:
    names = (learner.username, f"nobody-{uuid4().hex}", "", "x" * 5_000, "a@b", "\u0131")
    asked = [elsewhere.http.post("/password-reset", json={"username": name}) for name in names]
    answers = [body_of(answer, 202) for answer in asked]
    assert all(answer == answers[0] for answer in answers)


def test_asking_too_often_is_slowed_down(lms: Lms, learner: Learner) -> None:
    with lms.from_address("127.0.0.12") as other:
        for name in (learner.username, f"nobody-{uuid4().hex}"):
            wish = {"username": name}
            statuses = [other.http.post("/password-reset", json=wish).status_code for _ in range(4)]
            assert statuses == [202, 202, 202, 429]
            refused = other.http.post("/password-reset", json=wish)
            problem(refused, 429, "too-many-requests")
            assert int(refused.headers["Retry-After"]) >= 1


def test_an_administrator_sends_a_first_link(
    elsewhere: Lms, admin: Person, learner: Learner, mails: Mails
) -> None:
    name = f"newcomer-{uuid4().hex[:8]}"
    account = {"username": name, "email": f"{name}@example.com", "full_name": "Noa New"}
    id = admin.creates("/users", account)
    body_of(admin.sends("POST", f"/users/{id}/password-reset"), 202)
    problem(learner.sends("POST", f"/users/{id}/password-reset"), 403, "forbidden")
    _, token = link_to(name, mails)
    body_of(elsewhere.http.post(f"/password-reset/{token}", json={"password": NEXT}), 200)
    assert elsewhere.tokens(name, NEXT)


def test_an_expired_password_is_changed_at_the_door(
    lms: Lms, elsewhere: Lms, stack: Stack, learner: Learner
) -> None:
    id = learner.id
    with psycopg.connect(stack.settings.database_url) as owner:
        owner.execute(
            "UPDATE access.credentials SET changed_at = changed_at - interval '366 days'"
            " WHERE learner_id = %s",
            (id,),
        )
    credentials = {"username": learner.username, "password": learner.password}
    expired = elsewhere.http.post("/login", json=credentials)
    problem(expired, 403, "password-expired")
    assert expired.headers["Link"] == '</login/password>; rel="change-password"'
    change = {"username": learner.username, "old_password": learner.password}
    same = elsewhere.http.post("/login/password", json=change | {"new_password": NEW_PASSWORD})
    assert fields(same) == {"new_password"}
    problem(same, 422, "former-password")
    changed = elsewhere.http.post("/login/password", json=change | {"new_password": NEXT})
    assert body_of(changed, 200)["access_token"]
    assert lms.tokens(learner.username, NEXT)


def test_a_password_of_ones_own_name_is_refused(learner: Learner) -> None:
    change = {"old_password": learner.password, "new_password": f"{learner.username}1"}
    weak = learner.sends("PUT", "/me/password", change)
    problem(weak, 422, "weak-password")
    assert fields(weak) == {"new_password"}


def test_auditors_see_what_was_refused(lms: Lms, auditor: Person, learner: Learner) -> None:
    id = learner.id
    guess = {"username": learner.username, "password": "a-wrong-guess"}
    with lms.from_address("127.0.0.13") as other:
        for _ in range(7):
            other.http.post("/login", json=guess)

    def look() -> list[Json] | None:
        events = auditor.lists("/audit/events", type="refused_access.counted", limit=100)
        mine = [each["data"] for each in events if each["data"]["learner_id"] == id]
        sums = {why: sum(each["number"] for each in mine if each["why"] == why) for why in WHYS}
        return mine if sums == {"wrong-password": 5, "throttled": 2} else None

    found = eventually(look, "refusals in the log", deadline=40)
    assert {each["address"] for each in found} == {"127.0.0.13"}
    assert {each["name_hash"] for each in found} == {None}


WHYS = ("wrong-password", "throttled")


@pytest.mark.slow
def test_asking_takes_as_long_for_nobody_as_for_somebody(lms: Lms, learner: Learner) -> None:
    """In turns, from addresses of their own, most of them slowed down."""
    names = {"known": learner.username, "unknown": f"nobody-{uuid4().hex}"}
    seconds: dict[str, list[float]] = {kind: [] for kind in names}
    for number in range(40):
        with lms.from_address(f"127.0.1.{number + 1}") as other:
            other.http.get("/health/live")
            for kind, name in names.items():
                began = time.perf_counter()
                other.http.post("/password-reset", json={"username": name})
                seconds[kind].append(time.perf_counter() - began)
    known, unknown = (statistics.median(seconds[kind]) for kind in names)
    assert 0.5 < known / unknown < 2
