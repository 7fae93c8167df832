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
    "GetCourseTranslation": f"/courses/{NOBODY_KNOWN}/translations/de",
    "GetAssessmentTranslation": f"/assessments/{NOBODY_KNOWN}/translations/de",
    "GetSurveyTranslation": f"/surveys/{NOBODY_KNOWN}/translations/de",
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
    "ListCompliance": "/compliance",
    "ListComplianceDifferences": "/compliance/differences?from=2020-01-01T00:00:00Z",
    "GetComplianceSummary": "/compliance/summary",
    "ListAuditEvents": "/audit/events",
    "GetAuditStream": f"/audit/streams/{NOBODY_KNOWN}",
    "GetAuditStreamState": f"/audit/streams/{NOBODY_KNOWN}/state",
    "ListAuditStreamDifferences": f"/audit/streams/{NOBODY_KNOWN}/differences",
    "GetAuditTrace": f"/audit/trace/{NOBODY_KNOWN}",
    "GetAuditTraceOfEvent": f"/audit/trace/{NOBODY_KNOWN}/1",
    "ExportForInspection": f"/audit/export?subject={NOBODY_KNOWN}&reason=Yearly",
    "GetInspectionKey": "/audit/export/key",
    "ListCheckpoints": "/audit/checkpoints",
    "GetLatestCheckpoint": "/audit/checkpoints/latest",
    "GetInclusionProof": "/audit/proofs/inclusion/1",
    "GetConsistencyProof": "/audit/proofs/consistency?from=1&to=1000000000000",
    "ExportPersonalData": f"/users/{NOBODY_KNOWN}/export",
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
    "ListConsentPurposes": "/consent-purposes",
    "GetConsentPurpose": "/consent-purposes/unknown",
    "ListConsents": "/consents",
    "ListErasures": "/erasures",
    "GetErasure": f"/erasures/{NOBODY_KNOWN}",
    "ListRetention": "/retention/policies",
    "ListDue": "/retention/due",
    "ListHolds": "/holds",
}
ALWAYS_THERE = {
    "GetComplianceSummary",
    "GetInspectionKey",
    "GetMySecondFactor",
    "GetScimConfiguration",
}
"""Who has no second factor is told so."""
ONE = {name for name in PATHS if name.startswith("Get")} - ALWAYS_THERE | {
    "ExportPersonalData",
    "ListAuditStreamDifferences",
    "ListImportRows",
}
"""Answers 404 for what isn't there."""
OTHERWISE = {
    "ExportForInspection": {422},  # about nobody who was ever here
    "GetConsistencyProof": {404, 422},
    "GetLatestCheckpoint": {200, 404},
}
"""Nothing is sealed here, unless another test has done so."""
PEOPLE = [frozenset({role}) for role in Role if role is not Role.SYSTEM] + [
    frozenset({Role.INSTRUCTOR, Role.MANAGER})
]


@pytest.mark.parametrize("roles", PEOPLE, ids=lambda roles: "+".join(sorted(roles)))
@pytest.mark.parametrize("name", PATHS)
def test_a_query_answers_by_the_permission_table(
    reading: Reading, name: str, roles: frozenset[Role]
) -> None:
    actor = Actor(id=uuid4(), roles=roles)
    allowed = OTHERWISE.get(name, {404 if name in ONE else 200})
    expected = allowed if scopes(roles, name) else {403}
    assert reading.status(PATHS[name], actor) in expected


def test_someone_without_a_role_may_ask_nothing(reading: Reading) -> None:
    nobody = Actor(id=uuid4(), roles=frozenset())
    assert {reading.status(path, nobody) for path in PATHS.values()} == {403}


def test_every_query_of_the_table_is_asked_here() -> None:
    elsewhere = ("See", "Search")  # parts of other answers; searches that are posted
    asked = {name for name in QUERIES if not name.startswith(elsewhere) and "Analytics" not in name}
    assert asked == set(PATHS)
