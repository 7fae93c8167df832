"""Whatever is sent, nothing fails: schemathesis makes requests of the OpenAPI document.

Every answer must have a documented status, type, headers and body, and none may be a server error.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from requests.adapters import HTTPAdapter
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckFunction
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance

from edge.position import MIN_POSITION_HEADER
from tests.journey.cast import Cast
from tests.journey.lms import Lms, Person, body_of, eventually

EXAMPLES = {GenerationMode.POSITIVE: 18, GenerationMode.NEGATIVE: 9}
ROLES = ("admin", "employee")
LONGEST_QUERY = 5_000
"""Characters; the server itself refuses a request line of more than 64 KiB, before the API."""
LEFT_OUT = {
    "ExportForInspection": "each answer is seconds of work",
    "LogOut": "it would end the session of the run",
    "LogOutOfProvider": "it would end the session of the run too",
    "GetReadiness": "a 503 is its way to say no",
}
"""Operations tested elsewhere, each with the reason."""

EXCLUDED: list[CheckFunction] = [positive_data_acceptance]
"""What has the right form may still be refused by a rule of the domain."""

AnyCase = Case[Any]
Operation = APIOperation[Any, Any, Any, Any]
IDS = st.sampled_from(["known", "known", "known", "made up"])


class World:
    """Someone who has completed a course, so that there is one of each thing; and all their ids."""

    def __init__(self, cast: Cast, instructor: Person) -> None:
        course = cast.a_course(instructor)
        self.learner = cast.somebody()
        enrollment = self.learner.completes(course)
        certificate = self.learner.certificate(course)
        words = {"course_id": course.id, "text": "Fine.", "rating": 4}
        self.ids = {
            "learner_id": self.learner.id,
            "course_id": course.id,
            "module_id": instructor.sees(f"/courses/{course.id}")["modules"][0]["id"],
            "lesson_id": course.lessons[0],
            "assessment_id": course.assessment,
            "attempt_id": self.learner.lists("/attempts")[0]["id"],
            "enrollment_id": enrollment,
            "stream_id": enrollment,
            "survey_id": course.survey,
            "certificate_id": certificate["id"],
            "number": certificate["number"],
            "testimonial_id": self.learner.creates("/testimonials", words),
            "notification_id": self.learner.is_told("enrollment", enrollment)["id"],
        }

    def put_into(self, case: AnyCase) -> None:
        """Put ids that exist in the place of made-up ones."""
        for part in (case.path_parameters, case.query, case.body):
            if isinstance(part, dict):
                part.update({name: self.ids[name] for name in part if name in self.ids})


@pytest.fixture(scope="module")
def schema(lms: Lms) -> Any:
    """The document, without two things that are always sent well.

    The token, and `Lms-Min-Position`: a made-up position is waited for, and then it is a 503.
    """
    document = body_of(lms.http.get("/openapi.json"), 200)
    document["security"] = []
    for item in document["paths"].values():
        for operation in item.values():
            parameters = operation.get("parameters", [])
            parameters[:] = [each for each in parameters if each["name"] != MIN_POSITION_HEADER]
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=str(lms.http.base_url))
    rejection = schema.config.checks.negative_data_rejection
    rejection.expected_statuses = [*rejection.expected_statuses, "429"]
    return schema


class FromAddress(HTTPAdapter):
    """Calls from a loopback address of its own: who guesses there slows down nobody else."""

    def __init__(self, address: str) -> None:
        self._source = (address, 0)
        super().__init__()

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        """See HTTPAdapter."""
        super().init_poolmanager(*args, **more, source_address=self._source)


@contextmanager
def session_from(address: str) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.mount("http://", FromAddress(address))
        yield session


@pytest.mark.slow
@pytest.mark.parametrize("mode", EXAMPLES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("role", ROLES)
def test_no_input_makes_it_fail(
    subtests: pytest.Subtests,
    schema: Any,
    cast: Cast,
    admin: Person,
    instructor: Person,
    role: str,
    mode: GenerationMode,
) -> None:
    world = World(cast, instructor)
    eventually(lambda: admin.asks("/analytics").status_code == 200, "analytics")
    someone = admin if role == "admin" else world.learner
    operations: list[Operation] = [found.ok() for found in schema.get_all_operations()]
    for number, operation in enumerate(operations):
        if operation.definition.raw["operationId"] in LEFT_OUT:
            continue
        # Whoever guesses is made to wait, also for their own log-in: that is somebody else each.
        guesser = cast.somebody(role) if counts_guesses(operation) else someone
        address = f"127.{1 + ROLES.index(role)}.{mode is GenerationMode.NEGATIVE:d}.{number + 1}"
        with subtests.test(operation.label), session_from(address) as session:
            ask(operation, mode, world, session, guesser)


def counts_guesses(operation: Operation) -> bool:
    """Whether it counts wrong secrets, and may answer 429 for that."""
    return "429" in operation.definition.raw["responses"]


def ask(
    operation: Operation,
    mode: GenerationMode,
    world: World,
    session: requests.Session,
    someone: Person,
) -> None:
    """Ask for one operation with many inputs, the same ones in each run."""

    @settings(
        max_examples=EXAMPLES[mode],
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), ids=IDS)
    def send(case: AnyCase, ids: str) -> None:
        if mode is GenerationMode.POSITIVE and ids == "known":
            world.put_into(case)
        assume(len(str(case.query)) < LONGEST_QUERY)
        case.call_and_validate(
            session=session,
            headers={"Authorization": f"Bearer {someone.token}"},
            excluded_checks=EXCLUDED,
        )

    try:
        send()
    except Unsatisfiable:
        # It takes nothing that could be wrong.
        assert mode is GenerationMode.NEGATIVE
