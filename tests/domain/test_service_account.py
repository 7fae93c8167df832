from datetime import timedelta
from typing import Any

import pytest

from domain.errors import Invalid
from domain.key_ring import KeyRing
from domain.roles import Role
from domain.service_account import (
    NoSuchSecret,
    ServiceAccount,
    ServiceAccountDisabled,
    ServiceAccountEnabled,
    TooManySecrets,
)
from tests.domain.grammar import NOW, STREAM, a_uuid, bad_text, fact, given, when_new

CREATED = fact(
    ServiceAccount.Created,
    name="HR feed",
    description=None,
    roles=[Role.ANALYST],
    scopes=["ListCourses"],
    created_by=a_uuid(9),
)
ONE, TWO = a_uuid(1), a_uuid(2)
FIRST = fact(ServiceAccount.SecretIssued, secret_id=ONE, expires_at=None)
SECOND = fact(ServiceAccount.SecretIssued, secret_id=TWO, expires_at=NOW + timedelta(days=1))
DISABLED = fact(ServiceAccount.Disabled, reason=None)


def create(**changes: Any) -> ServiceAccount:
    values: dict[str, Any] = {
        "id": STREAM,
        "name": "HR feed",
        "description": None,
        "roles": [Role.ANALYST],
        "scopes": ["ListCourses"],
        "created_by": a_uuid(9),
        "at": NOW,
    }
    return ServiceAccount.create(**(values | changes))


def issue(account: ServiceAccount) -> None:
    account.issue_secret(secret_id=a_uuid(3), expires_at=None, at=NOW)


def test_it_is_created_with_what_it_may_do() -> None:
    when_new(lambda: create(scopes=["ListCourses", "ListCourses"])).then(CREATED)


@bad_text
def test_it_has_a_name(bad: str) -> None:
    when_new(lambda: create(name=bad)).refuses(Invalid, "name")


@pytest.mark.parametrize("roles", [[], [Role.SYSTEM]])
def test_its_roles_are_those_of_people(roles: list[Role]) -> None:
    when_new(lambda: create(roles=roles)).refuses(Invalid, "roles")


def test_access_that_stays_is_no_change() -> None:
    account = given(ServiceAccount, CREATED)

    def change(roles: list[Role]) -> Any:
        return account.when(
            lambda it: it.change_access(roles=roles, scopes=["ListCourses"], reason="Less.", at=NOW)
        )

    change([Role.ANALYST]).nothing()
    change([Role.AUDITOR]).then(
        fact(
            ServiceAccount.AccessChanged,
            roles=[Role.AUDITOR],
            scopes=["ListCourses"],
            reason="Less.",
        )
    )


def test_it_has_two_secrets_at_most_that_are_good() -> None:
    both = given(ServiceAccount, CREATED, FIRST, SECOND)
    both.when(issue).refuses(TooManySecrets)
    expired = fact(ServiceAccount.SecretIssued, secret_id=TWO, expires_at=NOW)
    given(ServiceAccount, CREATED, FIRST, expired).when(issue).then(
        fact(ServiceAccount.SecretIssued, secret_id=a_uuid(3), expires_at=None)
    )


def test_a_secret_expires_later_than_now() -> None:
    given(ServiceAccount, CREATED).when(
        lambda it: it.issue_secret(secret_id=ONE, expires_at=NOW, at=NOW)
    ).refuses(Invalid, "expires_at")


def test_a_secret_is_revoked_once() -> None:
    account = given(ServiceAccount, CREATED, FIRST)
    account.when(lambda it: it.revoke_secret(secret_id=ONE, at=NOW)).then(
        fact(ServiceAccount.SecretRevoked, secret_id=ONE)
    )
    account.when(lambda it: it.revoke_secret(secret_id=ONE, at=NOW)).refuses(NoSuchSecret)


def test_while_it_is_disabled_it_only_can_be_enabled_or_lose_secrets() -> None:
    account = given(ServiceAccount, CREATED, FIRST, DISABLED)
    account.when(issue).refuses(ServiceAccountDisabled)
    account.when(lambda it: it.disable(reason=None, at=NOW)).refuses(ServiceAccountDisabled)
    account.when(lambda it: it.revoke_secret(secret_id=ONE, at=NOW)).then(
        fact(ServiceAccount.SecretRevoked, secret_id=ONE)
    )
    account.when(lambda it: it.enable(at=NOW)).then(fact(ServiceAccount.Enabled))
    account.when(lambda it: it.enable(at=NOW)).refuses(ServiceAccountEnabled)


def test_the_key_ring_remembers_which_key_came_before() -> None:
    ring = given(KeyRing, fact(KeyRing.Opened))
    ring.when(lambda it: it.rotate(kid="one", reason=" Yearly. ", at=NOW)).then(
        fact(KeyRing.Rotated, kid="one", former_kid=None, reason="Yearly.")
    )
    ring.when(lambda it: it.rotate(kid="two", reason=None, at=NOW)).then(
        fact(KeyRing.Rotated, kid="two", former_kid="one", reason=None)
    )
