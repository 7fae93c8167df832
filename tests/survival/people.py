"""People who use the system over HTTP, and repeat whatever isn't acknowledged."""

import random
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID, uuid4

import httpx
import msgspec
from psycopg_pool import ConnectionPool

from access.actor import Actor
from access.keys import SigningKeys
from access.tokens import TokenIssuer
from domain.roles import Role
from event_store.wrapping import WrappingKeys
from lms.composition import AUDIENCE
from lms.settings import Settings
from tests.survival.deadline import DEADLINE, wait_for

TRY_AGAIN: Final = (502, 503, 504)
PATIENCE: Final = 2.0
"""Seconds after which a client gives up waiting for an answer, and asks again."""
PAUSE: Final = 0.05
REPEATED: Final = 0.15
"""Share of the commands that are repeated although they were acknowledged."""
AT_ONCE: Final = 6
ADMIN: Final = uuid4()


class Acknowledged(msgspec.Struct, frozen=True):
    """A command that the system has said it recorded; `id` and `version` are the stream's."""

    correlation_id: UUID
    actor: UUID
    key: str
    id: UUID
    version: int
    position: int


class Ledger:
    """All that was acknowledged; any thread may write in it."""

    def __init__(self) -> None:
        self.commands: list[Acknowledged] = []
        self.broken_off = 0
        """How often an answer didn't come, or was that the system can't answer now."""


class Tokens:
    """Access tokens for anybody, made with the key that the system signs with."""

    def __init__(self, settings: Settings) -> None:
        with ConnectionPool(settings.write_database_url, min_size=1, open=True) as pool:
            keys = SigningKeys(pool, WrappingKeys(pool, settings.master_key), monotonic=lambda: 0.0)
            keys.active()
        self._issuer = TokenIssuer(
            keys, issuer=settings.public_url, audience=AUDIENCE, seconds_valid=7_200
        )

    def of(self, id: UUID, role: Role) -> str:
        return self._issuer.access_token(Actor(id, frozenset({role}), uuid4()))


class Person:
    """Somebody at a keyboard."""

    def __init__(self, id: UUID, token: str, client: httpx.Client, ledger: Ledger) -> None:
        self.id = id
        self._client = client
        self._token = token
        self._ledger = ledger

    def sends(self, method: str, path: str, body: Any = None) -> Any:
        """The answer to a command, repeated under its key until it is acknowledged."""
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Idempotency-Key": uuid4().hex,
            "X-Correlation-Id": str(uuid4()),
        }
        answer = self._until_acknowledged(method, path, headers, body)
        self._note(headers, answer)
        if random.random() < REPEATED:
            assert self._until_acknowledged(method, path, headers, body) == answer
        return answer

    def asks(self, path: str, position: int = 0) -> httpx.Response:
        """The answer to a query, which includes everything up to the position."""
        headers = {"Authorization": f"Bearer {self._token}", "Lms-Min-Position": str(position)}
        return self._client.get(path, headers=headers, timeout=10)

    def _until_acknowledged(
        self, method: str, path: str, headers: Mapping[str, str], body: Any
    ) -> dict[str, Any]:
        limit = time.monotonic() + DEADLINE
        while True:
            try:
                answer = self._client.request(method, path, headers=dict(headers), json=body)
            except httpx.TransportError as error:
                problem = repr(error)
            else:
                if answer.is_success:
                    return dict(answer.json())
                problem = f"{answer.status_code} {answer.text}"
                assert answer.status_code in TRY_AGAIN, f"{method} {path}: {problem}"
            self._ledger.broken_off += 1
            assert time.monotonic() < limit, f"never acknowledged, {method} {path}: {problem}"
            time.sleep(PAUSE)

    def _note(self, headers: Mapping[str, str], answer: Mapping[str, Any]) -> None:
        self._ledger.commands.append(
            Acknowledged(
                correlation_id=UUID(headers["X-Correlation-Id"]),
                actor=self.id,
                key=headers["Idempotency-Key"],
                id=UUID(answer["id"]),
                version=answer["version"],
                position=answer["position"],
            )
        )


class Course(msgspec.Struct, frozen=True):
    """A published course with lessons, an assessment of one question, and an open survey."""

    id: str
    lessons: list[str]
    assessment_id: str
    question_id: str
    right: str
    wrong: str


class Enrolled(msgspec.Struct, frozen=True):
    """Somebody who took a course from beginning to end."""

    learner_id: UUID
    enrollment_id: UUID


class Town:
    """Where people come from."""

    def __init__(self, url: str, tokens: Tokens) -> None:
        self._url = url
        self._tokens = tokens

    @contextmanager
    def an_admin(self, ledger: Ledger | None = None) -> Iterator[Person]:
        """An administrator with a connection of their own."""
        with httpx.Client(base_url=self._url, timeout=PATIENCE) as client:
            token = self._tokens.of(ADMIN, Role.ADMIN)
            yield Person(ADMIN, token, client, ledger or Ledger())

    def a_learner(self, admin: Person) -> Person:
        """Somebody new, registered by the administrator; shares the connection with them."""
        name = uuid4().hex
        email = f"{name}@example.com"
        account = {"username": name, "email": email, "full_name": "A Learner"}
        id = UUID(admin.sends("POST", "/users", account)["id"])
        return Person(id, self._tokens.of(id, Role.EMPLOYEE), admin._client, admin._ledger)

    def a_course(self, lessons: int = 2) -> Course:
        """A new course, made by commands."""
        with self.an_admin() as admin:
            course_id = admin.sends("POST", "/courses", {"title": "Survival"})["id"]
            module = admin.sends("POST", f"/courses/{course_id}/modules", {"title": "All"})["id"]
            path = f"/courses/{course_id}/modules/{module}/lessons"
            ids = [admin.sends("POST", path, {"title": f"{n}"})["id"] for n in range(lessons)]
            assessment_id, question = _an_assessment(admin, course_id)
            admin.sends("POST", f"/courses/{course_id}/publish")
            survey = {"title": "How was it?", "course_id": course_id, "questions": [A_QUESTION]}
            survey_id = admin.sends("POST", "/surveys", survey)["id"]
            admin.sends("POST", f"/surveys/{survey_id}/publish")
        right, wrong = (choice["id"] for choice in question["choices"])
        return Course(course_id, ids, assessment_id, question["id"], right, wrong)


A_QUESTION: Final = {"kind": "rating", "prompt": "How well was it explained?"}


def _an_assessment(admin: Person, course_id: str) -> tuple[str, Any]:
    assessment = {"course_id": course_id, "title": "Exam", "pass_mark": 50}
    id = admin.sends("POST", "/assessments", assessment)["id"]
    choices = [{"text": "yes", "correct": True}, {"text": "no", "correct": False}]
    question = {"kind": "single", "prompt": "Does it survive?", "choices": choices}
    admin.sends("POST", f"/assessments/{id}/questions", question)
    position = admin.sends("POST", f"/assessments/{id}/publish")["position"]
    return id, admin.asks(f"/assessments/{id}", position).json()["questions"][0]


def takes(learner: Person, course: Course) -> Enrolled:
    """A learner enrols, learns, fails, and passes: all that policies wait for."""
    enrollment = learner.sends("POST", "/enrollments", {"course_id": course.id})["id"]
    for lesson_id in course.lessons:
        for percent in (30, 60, 100):
            progress = {"enrollment_id": enrollment, "lesson_id": lesson_id, "percent": percent}
            learner.sends("PATCH", "/progress", progress | {"seconds": 60})
    for choice in (course.wrong, course.right):
        path = f"/assessments/{course.assessment_id}/attempts"
        attempt = learner.sends("POST", path)["id"]
        sheet = {"answers": [{"question_id": course.question_id, "choices": [choice]}]}
        answer = learner.sends("POST", f"/attempts/{attempt}/submit", sheet)
        assert answer["passed"] is (choice == course.right)
    return Enrolled(learner.id, UUID(enrollment))


class Crowd:
    """Six people at a time take a course, one after the other until `stop`."""

    def __init__(self, town: Town, course: Course) -> None:
        self.ledger = Ledger()
        self.enrolled: list[Enrolled] = []
        self._town = town
        self._course = course
        self._stopping = threading.Event()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="client")
        self._clients: list[Future[None]] = [
            self._threads.submit(self._keep_learning) for _ in range(AT_ONCE)
        ]

    def goes_on(self) -> None:
        """Returns when the system has acknowledged some more commands: how many is chance."""
        goal = len(self.ledger.commands) + random.randint(20, 60)
        wait_for(lambda: len(self.ledger.commands) >= goal or self._failed(), "commands go on")

    def is_held_up(self) -> None:
        """Returns when everybody waits in vain for an answer."""
        goal = self.ledger.broken_off + AT_ONCE
        wait_for(lambda: self.ledger.broken_off >= goal or self._failed(), "clients give up")

    def stop(self) -> None:
        """Lets everybody end the course they are in. Raises what went wrong for somebody."""
        self._stopping.set()
        self._threads.shutdown()
        for client in self._clients:
            client.result()

    def _keep_learning(self) -> None:
        with self._town.an_admin(self.ledger) as admin:
            while not self._stopping.is_set():
                learner = self._town.a_learner(admin)
                self.enrolled.append(takes(learner, self._course))

    def _failed(self) -> bool:
        return any(client.done() and client.exception() for client in self._clients)
