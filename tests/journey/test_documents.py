"""What the system says about itself: OpenAPI, AsyncAPI, health, and which doors are open."""

from collections.abc import Iterator

import pytest
import schemathesis

from access.permissions import COMMANDS, OPEN_ROUTES, QUERIES, SAME_ROW
from domain.catalogue import AGGREGATES
from event_store.event_type import EventTypes
from tests.journey.lms import Json, Lms, Person, body_of

NOWHERE = "00000000-0000-4000-8000-000000000000"
METHODS = {"get", "post", "put", "patch", "delete"}
WITHOUT_A_ROW = {
    "LogOut",  # whoever has a token may throw it away
    "LogOutOfProvider",
}


@pytest.fixture(scope="module")
def openapi(lms: Lms) -> Json:
    """The merged document."""
    return body_of(lms.http.get("/openapi.json"), 200)


def operations(openapi: Json) -> Iterator[tuple[str, str, Json]]:
    """Each operation with its method and its path."""
    for path, item in openapi["paths"].items():
        for method in METHODS & item.keys():
            yield method.upper(), path, item[method]


def test_the_document_is_openapi_3_1(openapi: Json) -> None:
    assert openapi["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(openapi).validate()


def test_every_operation_but_the_open_ones_needs_a_token(lms: Lms, openapi: Json) -> None:
    for method, path, operation in operations(openapi):
        is_open = (method, path) in OPEN_ROUTES
        assert (operation.get("security") == []) == is_open, f"{method} {path}"
        if not is_open:
            answer = lms.http.request(method, _filled(path))
            assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"


def test_open_routes_answer_without_a_token(lms: Lms) -> None:
    for method, path in OPEN_ROUTES:
        body: Json | None = {} if method == "POST" else None
        address = path.format(number="0000", token="made-up", provider="none")
        answer = lms.http.request(method, address, json=body)
        assert answer.status_code not in {401, 403, 405}, f"{method} {path}"
        assert answer.status_code < 500


def test_every_operation_has_a_row_in_the_permission_table(openapi: Json) -> None:
    closed = {
        operation["operationId"]
        for method, path, operation in operations(openapi)
        if (method, path) not in OPEN_ROUTES
    }
    named = COMMANDS.keys() | QUERIES.keys() | SAME_ROW.keys()
    assert closed - WITHOUT_A_ROW <= named


def test_every_operation_has_a_summary_and_documents_its_problems(openapi: Json) -> None:
    for method, path, operation in operations(openapi):
        assert operation["summary"], f"{method} {path}"
        for status, response in operation["responses"].items():
            if status >= "400":
                assert response["$ref"].startswith("#/components/responses/"), f"{method} {path}"


def test_every_event_is_in_the_event_catalogue(lms: Lms) -> None:
    document = body_of(lms.http.get("/asyncapi.json"), 200)
    assert document["asyncapi"].startswith("3.")
    messages = document["components"]["messages"]
    assert set(messages) == {event.name for event in EventTypes(AGGREGATES)}
    assert set(document["channels"]) == set(messages)
    assert all(message["payload"] for message in messages.values())


def test_the_documentation_is_a_page(lms: Lms) -> None:
    page = lms.http.get("/docs")
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")


def test_health_is_told(lms: Lms) -> None:
    assert body_of(lms.http.get("/health/live"), 200)["status"] == "live"
    assert body_of(lms.http.get("/health/ready"), 200)["status"] == "ready"


def test_roles_are_told_with_what_they_may_do(john: Person) -> None:
    roles = {each["role"]: each for each in john.lists("/roles")}
    assert set(roles) == {
        "admin",
        "instructor",
        "manager",
        "employee",
        "auditor",
        "analyst",
        "department_admin",
    }
    assert "PublishCourse" not in roles["employee"]["commands"]
    assert "PublishCourse" in roles["instructor"]["commands"]


def _filled(path: str) -> str:
    """A path with some id in each of its places."""
    filled = {"{position}": "1"}  # the one that is no id
    return "/".join(
        filled.get(part, NOWHERE) if part.startswith("{") else part for part in path.split("/")
    )
