"""Every query, asked by every role: whoever may never use it is told so, nobody gets a 500."""

from uuid import UUID, uuid4

import pytest

from access.actor import Actor
from access.permissions import QUERIES, scopes
from domain.roles import Role
from tests.read_api.reading import Reading

NOBODY_KNOWN = UUID(int=0xBAD)
PATHS = {
    "GetMe": "/me",
    "ListMySessions": "/me/sessions",
    "GetMySecondFactor": "/me/second-factor",
    "ListSigningKeys": "/signing-keys",
    "ListServiceAccounts": "/service-accounts",
    "GetServiceAccount": f"/service-accounts/{NOBODY_KNOWN}",
    "ListUsers": "/users",
    "GetUser": f"/users/{NOBODY_KNOWN}",
    "ListReports": f"/users/{NOBODY_KNOWN}/reports",
    "ListIdentities": f"/users/{NOBODY_KNOWN}/identities",
    "ListSkills": "/skills",
    "ListDepartments": "/departments",
    "GetDepartment": f"/departments/{NOBODY_KNOWN}",
    "ListRoles": "/roles",
    "ListCourses": "/courses",
    "GetCourse": f"/courses/{NOBODY_KNOWN}",
    "ListEnrollments": "/enrollments",
    "GetEnrollment": f"/enrollments/{NOBODY_KNOWN}",
    "ListAssessments": "/assessments",
    "GetAssessment": f"/assessments/{NOBODY_KNOWN}",
    "ListAttempts": "/attempts",
    "GetAttempt": f"/attempts/{NOBODY_KNOWN}",
    "ListFeedback": "/feedback",
    "GetSurvey": f"/surveys/{NOBODY_KNOWN}",
    "ListSurveys": "/surveys",
    "GetSurveyResults": f"/surveys/{NOBODY_KNOWN}/results",
    "ListTestimonials": "/testimonials",
    "ListNotifications": "/notifications",
    "ListCertificates": "/certificates",
    "GetCertificate": f"/certificates/{NOBODY_KNOWN}",
    "GetCertificatePdf": f"/certificates/{NOBODY_KNOWN}/pdf",
    "ListAuditEvents": "/audit/events",
    "GetAuditStream": f"/audit/streams/{NOBODY_KNOWN}",
    "ListScimUsers": "/scim/v2/Users",
    "GetScimUser": f"/scim/v2/Users/{NOBODY_KNOWN}",
    "GetScimMe": "/scim/v2/Me",
    "ListScimGroups": "/scim/v2/Groups",
    "GetScimGroup": f"/scim/v2/Groups/{NOBODY_KNOWN}",
    "GetScimConfiguration": "/scim/v2/ServiceProviderConfig",
    "ListScimResourceTypes": "/scim/v2/ResourceTypes",
    "GetScimResourceType": f"/scim/v2/ResourceTypes/{NOBODY_KNOWN}",
    "ListScimSchemas": "/scim/v2/Schemas",
    "GetScimSchema": f"/scim/v2/Schemas/{NOBODY_KNOWN}",
    "ListImports": "/users/imports",
    "GetImport": f"/users/imports/{NOBODY_KNOWN}",
    "ListImportRows": f"/users/imports/{NOBODY_KNOWN}/rows",
}
ALWAYS_THERE = {"GetMySecondFactor", "GetScimConfiguration"}
"""Who has no second factor is told so."""
ONE = {name for name in PATHS if name.startswith("Get")} - ALWAYS_THERE | {"ListImportRows"}
"""Answers 404 for what isn't there."""
PEOPLE = [frozenset({role}) for role in Role if role is not Role.SYSTEM] + [
    frozenset({Role.INSTRUCTOR, Role.MANAGER})
]


@pytest.mark.parametrize("roles", PEOPLE, ids=lambda roles: "+".join(sorted(roles)))
@pytest.mark.parametrize("name", PATHS)
def test_a_query_answers_by_the_permission_table(
    reading: Reading, name: str, roles: frozenset[Role]
) -> None:
    actor = Actor(id=uuid4(), roles=roles)
    allowed = 404 if name in ONE else 200
    expected = allowed if scopes(roles, name) else 403
    assert reading.status(PATHS[name], actor) == expected


def test_someone_without_a_role_may_ask_nothing(reading: Reading) -> None:
    nobody = Actor(id=uuid4(), roles=frozenset())
    assert {reading.status(path, nobody) for path in PATHS.values()} == {403}


def test_every_query_of_the_table_is_asked_here() -> None:
    elsewhere = ("See", "Search")  # parts of other answers; searches that are posted
    asked = {name for name in QUERIES if not name.startswith(elsewhere) and "Analytics" not in name}
    assert asked == set(PATHS)
