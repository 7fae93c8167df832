import timeit
from pathlib import Path
from uuid import uuid4

import pytest

from access.actor import Actor
from access.permissions import (
    COMMANDS,
    QUERIES,
    Scope,
    UnknownOperation,
    as_table,
    reach,
    scopes,
    why_not,
)
from domain.roles import Role

PERSONS = set(Role) - {Role.SYSTEM}
PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"


def of(*roles: Role, may: str) -> set[Scope]:
    return set(scopes(frozenset(roles), may))


def test_an_admin_may_everything() -> None:
    for name in COMMANDS | QUERIES:
        assert Scope.ANY in of(Role.ADMIN, may=name), name


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ANALYST])
def test_auditor_and_analyst_only_read_beyond_their_own_learning(role: Role) -> None:
    for name in COMMANDS.keys() - {"RecordAuditRead"}:  # by which their own reading is recorded
        assert of(role, may=name) == of(Role.EMPLOYEE, may=name), name


@pytest.mark.parametrize("role", sorted(PERSONS))
def test_everyone_with_an_account_may_learn(role: Role) -> None:
    for name in ("EnrollLearner", "UpdateProgress", "SubmitAttempt", "SubmitFeedback", "GetMe"):
        assert of(role, may=name) & {Scope.SELF, Scope.ANY}, name


def test_an_employee_reaches_only_themselves_and_the_catalogue() -> None:
    reached = {name for name in COMMANDS | QUERIES if Scope.ANY in of(Role.EMPLOYEE, may=name)}
    assert reached == {
        "ListRoles",
        "ListDepartments",
        "GetDepartment",
        "ListCourses",
        "GetCourse",
        "GetAssessment",
        "ListAssessments",
        "GetSurvey",
        "ListSurveys",
        "ListTestimonials",
        "ListConsentPurposes",
        "GetConsentPurpose",
    }


def test_the_system_may_do_exactly_what_they_need() -> None:
    assert {name for name in COMMANDS | QUERIES if of(Role.SYSTEM, may=name)} == {
        "ApplyGroupRoles",
        "EndImport",
        "ExpireRecord",
        "RecordOperatorRead",
        "RecordScrubbed",
        "IssueCertificate",
        "CreateNotification",
        "InviteToCourseSurveys",
        "RecordAssessmentPassed",
        "RequestPasswordReset",
        "RecordResetMailed",
        "AbandonPasswordReset",
        "RecordRefusals",
        # What identity providers and directories have done.
        "RegisterFromProvider",
        "LinkIdentity",
        "UpdateLearner",
        "ChangeRoles",
        "DeactivateLearner",
        "ReactivateLearner",
    }


def test_someone_without_a_role_may_nothing() -> None:
    assert not any(of(may=name) for name in COMMANDS | QUERIES)


def test_several_roles_add_up() -> None:
    assert of(Role.INSTRUCTOR, Role.MANAGER, may="EnrollLearner") == {
        Scope.SELF,
        Scope.REPORTS,
        Scope.OWN_COURSES,
    }


def test_only_analyst_and_admin_write_their_own_sql() -> None:
    assert {role for role in Role if of(role, may="QueryAnalytics")} == {Role.ANALYST, Role.ADMIN}


@pytest.mark.parametrize("roles", [[], [Role.ADMIN]])
def test_a_name_outside_the_table_is_an_error_for_everyone(roles: list[Role]) -> None:
    with pytest.raises(UnknownOperation):
        of(*roles, may="DropEverything")


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == as_table(), "write it anew: lms permissions > docs/permissions.md"


def test_a_look_up_costs_next_to_nothing() -> None:
    roles = frozenset({Role.EMPLOYEE, Role.MANAGER})
    seconds = min(timeit.repeat(lambda: scopes(roles, "GetUser"), number=1000, repeat=5)) / 1000
    assert seconds < 2e-6


def test_who_is_kept_back_by_a_token_s_scope_is_not_told_of_roles() -> None:
    limited = Actor(uuid4(), frozenset({Role.ADMIN}), operations=frozenset({"ListUsers"}))
    assert not reach(limited, "ListCourses")
    assert why_not(limited, "ListCourses") == "The scope of this token doesn't allow this."
    employee = Actor(uuid4(), frozenset({Role.EMPLOYEE}), operations=frozenset({"ListUsers"}))
    for actor in (employee, Actor(uuid4(), frozenset({Role.EMPLOYEE}))):
        assert why_not(actor, "ListAuditEvents") == "Your roles don't allow this."
