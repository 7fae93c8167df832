"""Bad input of the company's directories: refused, nothing created, and in the audit history."""

from collections import Counter
from collections.abc import Callable
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.journey.lms import Person, eventually
from tests.provisioning.scim import Scim, a_person
from tests.servers.stack import Stack

Refused = Callable[[], Counter[tuple[str, str]]]
FILE = "username,email,full_name\njörg,joerg@example.com,Jörg Müller\n"


@pytest.fixture
def refused(admin: Person, stack: Stack) -> Refused:
    """How often the administrator was refused until now, by act and reason."""
    id = admin.id

    def look() -> Counter[tuple[str, str]]:
        with psycopg.connect(stack.settings.write_database_url) as connection:
            rows = connection.execute(
                "SELECT kind, reason, counted FROM access.refusals WHERE learner_id = %s", (id,)
            ).fetchall()
        return Counter({(kind, reason): counted for kind, reason, counted in rows})

    return look


def people(scim: Scim) -> int:
    return int(scim.finds("/Users", count=1)["totalResults"])


@pytest.mark.parametrize("garbage", ["userName eq", "((", "a b c d", 'userName eq "x" and'])
def test_a_filter_with_garbage_is_counted(scim: Scim, refused: Refused, garbage: str) -> None:
    before = refused()
    scim.refused(400, "GET", f"/Users?{httpx.QueryParams(filter=garbage)}")
    eventually(lambda: refused() - before == {("filter", "unreadable"): 1}, "the count")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le", "cp1252", "utf-32"])
def test_a_file_in_a_wrong_encoding_is_counted_and_creates_nobody(
    scim: Scim, admin: Person, refused: Refused, stack: Stack, encoding: str
) -> None:
    before, there = refused(), people(scim)
    answer = httpx.post(
        f"{stack.url}/users/import",
        content=FILE.encode(encoding),
        headers={"Authorization": f"Bearer {admin.token}", "Content-Type": "text/csv"},
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "file"
    assert refused() - before == {("import", "unreadable"): 1}
    assert people(scim) == there


FORMS: dict[str, Callable[[str], str]] = {
    "case": str.upper,
    "composed": lambda name: name.replace("\u00e9", "e\u0301"),
    "wide": lambda name: name.translate({ord(it): ord(it) + 0xFEE0 for it in "abcdefghijkl"}),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("door", ["users", "scim"])
def test_the_same_address_in_another_form_is_counted_and_creates_nobody(
    scim: Scim, admin: Person, refused: Refused, form: str, door: str
) -> None:
    email = f"ren\u00e9-{uuid4().hex}@example.com"
    scim.a_user(emails=[{"value": email}])
    before, there = refused(), people(scim)
    other = FORMS[form](email)
    assert other != email
    if door == "scim":
        scim.refused(409, "POST", "/Users", a_person(emails=[{"value": other}]))
    else:
        person = {"username": uuid4().hex, "email": other, "full_name": "Renée Doe"}
        assert admin.sends("POST", "/users", person).status_code == 409
    assert refused() - before == {("command", "name-taken"): 1}
    assert people(scim) == there
