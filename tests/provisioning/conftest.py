"""The one running system, as an admin and as a SCIM client of theirs."""

from collections.abc import Iterator

import httpx
import pytest

from tests.journey.lms import Lms, Person
from tests.journey.stale import stale_token
from tests.provisioning.scim import Scim
from tests.servers.stack import Stack


@pytest.fixture(scope="session")
def lms(stack: Stack) -> Iterator[Lms]:
    lms = Lms(stack.url)
    yield lms
    lms.http.close()


@pytest.fixture(scope="session")
def admin(lms: Lms, stack: Stack) -> Person:
    return lms.person("admin", stack.password)


@pytest.fixture(scope="session")
def instructor(lms: Lms, stack: Stack) -> Person:
    return lms.person("instructor", stack.password)


@pytest.fixture
def scim(admin: Person, stack: Stack) -> Iterator[Scim]:
    with httpx.Client(base_url=stack.url, timeout=60) as http:
        yield Scim(http, admin.token)


@pytest.fixture
def stale_admin(stack: Stack, admin: Person) -> str:
    """The token of an administrator who has logged in an hour ago."""
    return stale_token(stack, admin.id)
