"""What the API tells about itself, and whether that is what it does."""

import psycopg
import pytest

from access.keys import SigningKeys
from access.permissions import OPEN_ROUTES, QUERIES, UnknownOperation
from lms.composition import Pool, open_pool
from read_api import app
from read_api.learner import get_me
from tests.commands.system import ADMIN, MASTER_KEY, Person
from tests.read_api.reading import Json, Reading
from tests.servers.postgres import Database

WITHOUT_POSITION = {"/asyncapi.json", "/.well-known/jwks.json", "/.well-known/seal-keys.json"}


@pytest.fixture(scope="module")
def document(reading: Reading) -> Json:
    return reading.ok("/openapi.json", project=False)


def test_keys_are_published(reading: Reading, shared_database: Database) -> None:
    with open_pool(shared_database.write_url, 1) as pool:
        kid = SigningKeys(pool, MASTER_KEY).ensure().kid
    answer = reading.get("/.well-known/jwks.json")
    assert kid in [key["kid"] for key in answer.json()["keys"]]
    assert "d" not in answer.json()["keys"][0], "the private half stays private"
    assert answer.headers["cache-control"] == "max-age=60, public"


def test_every_event_is_published_with_its_schema(reading: Reading) -> None:
    catalogue = reading.ok("/asyncapi.json")
    assert catalogue["asyncapi"] == "3.0.0"
    assert "course.published.v1" in catalogue["channels"]


def test_every_query_of_the_permission_table_has_its_operation(document: Json) -> None:
    operations = {
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
    }
    queries = {name for name in QUERIES if not name.startswith("See")}
    assert operations >= queries


def test_open_routes_are_those_of_the_permission_table(document: Json) -> None:
    found = {
        ("GET", path)
        for path, operations in document["paths"].items()
        for operation in operations.values()
        if operation.get("security") == []
    }
    assert found <= OPEN_ROUTES


def test_every_query_takes_the_position_to_wait_for(document: Json) -> None:
    for path, operation in _operations(document):
        names = {parameter["name"] for parameter in operation.get("parameters", ())}
        assert "Lms-Min-Position" in names or path in WITHOUT_POSITION


def test_every_operation_is_described(document: Json) -> None:
    for _, operation in _operations(document):
        assert operation["description"]


def _operations(document: Json) -> list[tuple[str, Json]]:
    """SCIM's searches may be posted; everything else is a GET."""
    return [
        (path, operation)
        for path, operations in document["paths"].items()
        for operation in operations.values()
    ]


def test_a_handler_without_a_permission_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_me, "operation_id", "GetOwls")
    with pytest.raises(UnknownOperation, match="GetOwls"):
        app.check(get_me)


def test_a_query_waits_for_the_position_it_is_asked_to_include(
    reading: Reading, pool: Pool, a_learner: Person
) -> None:
    ahead = {"Lms-Min-Position": str(2**62)}
    answer = reading.get("/me", a_learner, headers=ahead)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["type"] == "/problems/not-caught-up"
    with pool.connection() as connection:
        row = connection.execute(
            "SELECT min(position) FROM projections.position WHERE state = 'live'"
        ).fetchone()
    assert row is not None
    reached = {"Lms-Min-Position": str(row[0])}
    assert reading.status("/me", a_learner, headers=reached) == 200
    assert reading.status("/me", a_learner, headers={"Lms-Min-Position": "soon"}) == 400


def test_what_is_not_built_yet_is_answered_later(
    reading: Reading, shared_database: Database
) -> None:
    reading.project()
    with psycopg.connect(shared_database.project_url, autocommit=True) as owner:
        owner.execute("ALTER VIEW read_models.feedback RENAME TO hidden")
        try:
            answer = reading.get("/feedback", ADMIN, project=False)
        finally:
            owner.execute("ALTER VIEW read_models.hidden RENAME TO feedback")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["type"] == "/problems/not-built-yet"
    assert reading.status("/feedback", ADMIN) == 200
