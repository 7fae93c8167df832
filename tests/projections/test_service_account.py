"""Given what happened to service accounts, these rows."""

from __future__ import annotations

from domain.roles import Role
from domain.service_account import ServiceAccount
from tests.projections.story import AT, Story, a_uuid

FEED, FIRST, SECOND = a_uuid(1), a_uuid(2), a_uuid(3)


def a_feed() -> ServiceAccount:
    account = ServiceAccount.create(
        id=FEED,
        name="HR feed",
        description="Nightly.",
        roles=[Role.ANALYST],
        scopes=None,
        created_by=a_uuid(9),
        at=AT[0],
    )
    account.issue_secret(secret_id=FIRST, expires_at=None, at=AT[0])
    return account


def test_an_account_is_there_with_its_secrets_names(story: Story) -> None:
    story.given(a_feed())

    assert story.row("SELECT * FROM service_account") == {
        "id": FEED,
        "name": "HR feed",
        "description": "Nightly.",
        "roles": ["analyst"],
        "scopes": None,
        "enabled": True,
        "created_by": a_uuid(9),
        "created_at": AT[0],
        "updated_at": AT[0],
        "version": 2,
    }
    assert story.row("SELECT id, expires_at FROM client_secret") == {
        "id": FIRST,
        "expires_at": None,
    }


def test_what_changes_is_seen(story: Story) -> None:
    account = a_feed()
    account.change_access(roles=[Role.AUDITOR], scopes=["ListUsers"], reason=None, at=AT[1])
    account.issue_secret(secret_id=SECOND, expires_at=None, at=AT[1])
    account.revoke_secret(secret_id=FIRST, at=AT[1])
    account.disable(reason=None, at=AT[2])
    story.given(account)

    assert story.row("SELECT roles, scopes, enabled, version FROM service_account") == {
        "roles": ["auditor"],
        "scopes": ["ListUsers"],
        "enabled": False,
        "version": 6,
    }
    assert story.row("SELECT id FROM client_secret") == {"id": SECOND}
