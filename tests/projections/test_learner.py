"""Given what happened to people, these rows in `learner`."""

from __future__ import annotations

from msgspec.structs import replace

from domain.learner import Learner
from domain.roles import Role
from tests.projections.story import AT, Story, a_uuid

JANE = a_uuid(1)
MANAGER = a_uuid(2)


def jane() -> Learner:
    return Learner.register(
        id=JANE,
        username="jane",
        email="jane@example.com",
        full_name="Jane Doe",
        roles=[Role.EMPLOYEE],
        department="Tools",
        job_role="Engineer",
        manager_id=MANAGER,
        at=AT[0],
    )


def test_who_registers_is_a_learner_in_clear(story: Story) -> None:
    story.given(jane())

    row = story.row("SELECT * FROM learner")
    row.pop("search")
    assert row == {
        "id": JANE,
        "username": "jane",
        "email": "jane@example.com",
        "full_name": "Jane Doe",
        "roles": ["employee"],
        "language": "en",
        "time_zone": "UTC",
        "department": "Tools",
        "department_id": None,
        "administers": [],
        "job_role": "Engineer",
        "manager_id": MANAGER,
        "active": True,
        "registered_at": AT[0],
        "last_login_at": None,
        "updated_at": AT[0],
        "version": 1,
    }


def test_updates_change_only_what_they_name(story: Story) -> None:
    learner = jane()
    learner.update(full_name="Jane Roe", language="de", at=AT[1])
    learner.change_roles(roles=[Role.EMPLOYEE, Role.MANAGER], reason=None, at=AT[2])
    story.given(learner)

    assert story.row(
        "SELECT full_name, email, language, department, roles, updated_at, version FROM learner"
    ) == {
        "full_name": "Jane Roe",
        "email": "jane@example.com",
        "language": "de",
        "department": "Tools",
        "roles": ["employee", "manager"],
        "updated_at": AT[2],
        "version": 3,
    }


def test_logging_in_and_out_moves_the_version_but_changes_nothing_else(story: Story) -> None:
    learner = jane()
    learner.log_in(method="password", at=AT[1])
    learner.log_out(at=AT[2])
    learner.change_password(at=AT[3])
    story.given(learner)

    assert story.row("SELECT last_login_at, updated_at, version FROM learner") == {
        "last_login_at": AT[1],
        "updated_at": AT[0],
        "version": 4,
    }


def test_accounts_are_deactivated_and_reactivated(story: Story) -> None:
    learner = jane()
    learner.deactivate(reason="left", at=AT[1])
    story.given(learner)
    assert story.row("SELECT active, version FROM learner") == {"active": False, "version": 2}

    learner.reactivate(at=AT[2])
    story.given(learner)
    assert story.row("SELECT active, version FROM learner") == {"active": True, "version": 3}


def test_people_are_found_by_any_part_of_their_name(story: Story) -> None:
    story.given(jane())

    for words in ("doe", "JANE", "jane doe", "jane@example.com"):
        found = story.rows(
            "SELECT id FROM learner WHERE search @@ plainto_tsquery('simple', %s)", words
        )
        assert found == [{"id": JANE}], words


def test_a_directory_says_where_somebody_belongs(story: Story) -> None:
    learner, department = jane(), a_uuid(3)
    entry = learner.directory_entry
    learner.provision(entry, department_id=department, at=AT[1])
    moved = replace(entry, department="Elsewhere", manager_id=None, external_id="X1")
    learner.provision(moved, department_id=None, at=AT[2])
    story.given(learner)

    assert story.row(
        "SELECT department, department_id, manager_id, job_role, updated_at, version FROM learner"
    ) == {
        "department": "Elsewhere",
        "department_id": None,
        "manager_id": None,
        "job_role": "Engineer",
        "updated_at": AT[2],
        "version": 3,
    }


def test_the_department_that_a_directory_names_is_referred_to(story: Story) -> None:
    learner, department = jane(), a_uuid(3)
    learner.provision(learner.directory_entry, department_id=department, at=AT[1])
    story.given(learner)

    assert story.row("SELECT department, department_id FROM learner") == {
        "department": "Tools",
        "department_id": department,
    }
