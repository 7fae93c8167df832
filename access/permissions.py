"""What each role may do: one table, one row per command and query.

The column `person` holds for everyone with an account, whatever their roles: an admin, a manager
and an analyst learn too. `employee` is the role of those who hold no other, so it needs no column.
A row's name is the command's name, the query's operation id, or (`See…`) a part of an answer that
only some may see. A name that isn't in the table is refused with an error, never silently.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from access.actor import Actor
from domain.roles import Role


class Scope(StrEnum):
    """On whom or what a permission reaches."""

    ANY = "any"
    SELF = "self"
    """What is about, or belongs to, the person who asks."""
    REPORTS = "reports"
    """What is about the people who report to the one who asks, directly or indirectly."""
    OWN_COURSES = "own courses"
    """What belongs to a course that the one who asks is an instructor of."""
    DEPARTMENT = "department"
    """What is about the people, and the departments, below one that was given to the one who asks
    to look after."""


class UnknownOperation(LookupError):
    """The table has no row of that name: a mistake in the program, not in a request."""


class Row(NamedTuple):
    """One row's cells; None means that the role adds nothing."""

    person: Scope | None
    instructor: Scope | None
    manager: Scope | None
    auditor: Scope | None
    analyst: Scope | None
    admin: Scope | None
    system: Scope | None
    department_admin: Scope | None = None


ANY = Scope.ANY
SELF = Scope.SELF
REPS = Scope.REPORTS
OWN = Scope.OWN_COURSES
DEPT = Scope.DEPARTMENT
____ = None

# A manager doesn't change a report's profile: who may set an e-mail address may take the account.
# fmt: off
COMMANDS: dict[str, Row] = {
    #                               person instr. manager auditor analyst admin system dept. admin
    "RegisterLearner":          Row(____,  ____,  ____,   ____,   ____,   ANY,  ____, DEPT),
    "UpdateLearner":            Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ANY,  DEPT),
    "ChangeRoles":              Row(____,  ____,  ____,   ____,   ____,   ANY,  ANY,  DEPT),
    "DeactivateLearner":        Row(____,  ____,  ____,   ____,   ____,   ANY,  ANY,  DEPT),
    "ReactivateLearner":        Row(____,  ____,  ____,   ____,   ____,   ANY,  ANY,  DEPT),
    "RecordLogin":              Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "RecordLogout":             Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ChangePassword":           Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),

    "EndSession":               Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "EndOtherSessions":         Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "EndAllSessions":           Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "StepUp":                   Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "StartSecondFactor":        Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ConfirmSecondFactor":      Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ReplaceRecoveryCodes":     Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "DisableSecondFactor":      Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ResetSecondFactor":        Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "RecordRecoveryCodeUse":    Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "RotateSigningKeys":        Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "RecordMasterKeyRotation":  Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "RecordDestroyedKeys":      Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "RevokeSigningKey":         Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "CreateServiceAccount":     Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ChangeServiceAccess":      Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "IssueClientSecret":        Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "RevokeClientSecret":       Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "DisableServiceAccount":    Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "EnableServiceAccount":     Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),

    "RecordDataExport":         Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "AssessSkill":              Row(SELF,  ____,  REPS,   ____,   ____,   ANY,  ____, DEPT),
    "RemoveSkill":              Row(SELF,  ____,  REPS,   ____,   ____,   ANY,  ____, DEPT),

    "AddDepartment":            Row(____,  ____,  ____,   ____,   ____,   ANY,  ____, DEPT),
    "RenameDepartment":         Row(____,  ____,  ____,   ____,   ____,   ANY,  ____, DEPT),
    "MoveDepartment":           Row(____,  ____,  ____,   ____,   ____,   ANY,  ____, DEPT),
    "RemoveDepartment":         Row(____,  ____,  ____,   ____,   ____,   ANY,  ____, DEPT),
    "RequestPasswordReset":     Row(____,  ____,  ____,   ____,   ____,   ANY,  ANY,  DEPT),
    "RecordResetMailed":        Row(____,  ____,  ____,   ____,   ____,   ANY,  ANY),
    "AbandonPasswordReset":     Row(____,  ____,  ____,   ____,   ____,   ANY,  ANY),
    "ResetPassword":            Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "RecordRefusals":           Row(____,  ____,  ____,   ____,   ____,   ANY,  ANY),

    "RegisterFromProvider":     Row(____,  ____,  ____,   ____,   ____,   ANY,  ANY),
    "LinkIdentity":             Row(____,  ____,  ____,   ____,   ____,   ANY,  ANY),
    "LinkOwnIdentity":          Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "UnlinkIdentity":           Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),

    "CreateCourse":             Row(____,  ANY,   ____,   ____,   ____,   ANY,  ____),
    "ChangeCourseDetails":      Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "AddModule":                Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "AddLesson":                Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "TranslateCourse":          Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "RemoveCourseTranslation":  Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "PublishCourse":            Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "ArchiveCourse":            Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),

    "EnrollLearner":            Row(SELF,  OWN,   REPS,   ____,   ____,   ANY,  ____),
    "UpdateProgress":           Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "WithdrawEnrollment":       Row(SELF,  OWN,   REPS,   ____,   ____,   ANY,  ____),
    "RecordAssessmentPassed":   Row(____,  ____,  ____,   ____,   ____,   ANY,  ANY),

    "CreateAssessment":         Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "AddQuestion":              Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "TranslateAssessment":      Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "RemoveAssessmentTranslation":Row(____,OWN,   ____,   ____,   ____,   ANY,  ____),
    "PublishAssessment":        Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "StartAttempt":             Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "SubmitAttempt":            Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),

    "SubmitFeedback":           Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "CreateSurvey":             Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "AddSurveyQuestion":        Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "TranslateSurvey":          Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "RemoveSurveyTranslation":  Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "PublishSurvey":            Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "CloseSurvey":              Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "InviteToSurvey":           Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "InviteToCourseSurveys":    Row(____,  ____,  ____,   ____,   ____,   ANY,  ANY),
    "SubmitSurveyResponse":     Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "SubmitTestimonial":        Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ApproveTestimonial":       Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "RejectTestimonial":        Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "WithdrawTestimonial":      Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),

    "IssueCertificate":         Row(____,  ____,  ____,   ____,   ____,   ANY,  ANY),
    "RevokeCertificate":        Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "CreateNotification":       Row(____,  ____,  ____,   ____,   ____,   ANY,  ANY),
    "ReadNotification":         Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),

    "ProvisionUser":           Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ReplaceProvisionedUser":  Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "DeprovisionUser":         Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "CreateGroup":             Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ReplaceGroup":            Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ChangeGroupMembers":      Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "DeleteGroup":             Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "MapGroupRoles":           Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ApplyGroupRoles":         Row(____,  ____,  ____,   ____,   ____,   ANY,  ANY),
    "ImportUsers":             Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "EndImport":               Row(____,  ____,  ____,   ____,   ____,   ANY,  ANY),

    "DescribeConsentPurpose":   Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ReviseConsentPurpose":     Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "RetireConsentPurpose":     Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "GiveConsent":              Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "WithdrawConsent":          Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),

    "RecordAuditRead":          Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "RecordOperatorRead":       Row(____,  ____,  ____,   ____,   ____,   ANY,  ANY),
    "EraseLearner":             Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ApproveErasure":           Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "RefuseErasure":            Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "RecordScrubbed":           Row(____,  ____,  ____,   ____,   ____,   ANY,  ANY),
    "SetRetention":             Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "RemoveRetention":          Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ExpireRecord":             Row(____,  ____,  ____,   ____,   ____,   ANY,  ANY),
    "PlaceHold":                Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ReleaseHold":              Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
}

QUERIES: dict[str, Row] = {
    #                               person instr. manager auditor analyst admin system dept. admin
    "GetMe":                    Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ListMySessions":           Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "GetMySecondFactor":        Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ListIdentities":           Row(SELF,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "ListSigningKeys":          Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "ListServiceAccounts":      Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "GetServiceAccount":        Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "ListUsers":                Row(____,  OWN,   REPS,   ANY,    ____,   ANY,  ____, DEPT),
    "GetUser":                  Row(SELF,  OWN,   REPS,   ANY,    ____,   ANY,  ____, DEPT),
    "ListReports":              Row(SELF,  ____,  REPS,   ANY,    ____,   ANY,  ____, DEPT),
    "ListSkills":               Row(SELF,  ____,  REPS,   ANY,    ANY,    ANY,  ____, DEPT),
    "ListDepartments":          Row(ANY,   ____,  ____,   ____,   ____,   ANY,  ____),
    "GetDepartment":            Row(ANY,   ____,  ____,   ____,   ____,   ANY,  ____),
    "ListRoles":                Row(ANY,   ____,  ____,   ____,   ____,   ANY,  ____),

    "ListCourses":              Row(ANY,   ____,  ____,   ____,   ____,   ANY,  ____),
    "GetCourse":                Row(ANY,   ____,  ____,   ____,   ____,   ANY,  ____),
    "SeeDraftCourses":          Row(____,  OWN,   ____,   ANY,    ____,   ANY,  ____),
    "GetCourseTranslation":     Row(____,  OWN,   ____,   ANY,    ____,   ANY,  ____),
    "GetAssessmentTranslation": Row(____,  OWN,   ____,   ANY,    ____,   ANY,  ____),
    "GetSurveyTranslation":     Row(____,  OWN,   ____,   ANY,    ____,   ANY,  ____),

    "ListEnrollments":          Row(SELF,  OWN,   REPS,   ANY,    ____,   ANY,  ____, DEPT),
    "GetEnrollment":            Row(SELF,  OWN,   REPS,   ANY,    ____,   ANY,  ____, DEPT),

    "ListAssessments":          Row(ANY,   ____,  ____,   ____,   ____,   ANY,  ____),
    "GetAssessment":            Row(ANY,   ____,  ____,   ____,   ____,   ANY,  ____),
    "SeeAnswerKeys":            Row(____,  OWN,   ____,   ____,   ____,   ANY,  ____),
    "ListAttempts":             Row(SELF,  OWN,   REPS,   ANY,    ____,   ANY,  ____, DEPT),
    "GetAttempt":               Row(SELF,  OWN,   REPS,   ANY,    ____,   ANY,  ____, DEPT),

    "ListFeedback":             Row(SELF,  OWN,   ____,   ANY,    ____,   ANY,  ____),
    "GetSurvey":                Row(ANY,   ____,  ____,   ____,   ____,   ANY,  ____),
    "ListSurveys":              Row(ANY,   ____,  ____,   ____,   ____,   ANY,  ____),
    "GetSurveyResults":         Row(____,  OWN,   ____,   ANY,    ANY,    ANY,  ____),
    "ListTestimonials":         Row(ANY,   ____,  ____,   ____,   ____,   ANY,  ____),
    "SeeUnapprovedTestimonials":Row(SELF,  OWN,   ____,   ANY,    ____,   ANY,  ____),

    "ListNotifications":        Row(SELF,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "ListCertificates":         Row(SELF,  OWN,   REPS,   ANY,    ____,   ANY,  ____, DEPT),
    "GetCertificate":           Row(SELF,  OWN,   REPS,   ANY,    ____,   ANY,  ____, DEPT),
    "GetCertificatePdf":        Row(SELF,  OWN,   REPS,   ANY,    ____,   ANY,  ____, DEPT),

    "GetAnalytics":             Row(____,  OWN,   REPS,   ANY,    ANY,    ANY,  ____),
    "GetProgressAnalytics":     Row(____,  OWN,   REPS,   ANY,    ANY,    ANY,  ____),
    "GetEngagementAnalytics":   Row(____,  OWN,   REPS,   ANY,    ANY,    ANY,  ____),
    "QueryAnalytics":           Row(____,  ____,  ____,   ____,   ANY,    ANY,  ____),

    "ListCompliance":           Row(SELF,  OWN,   REPS,   ANY,    ____,   ANY,  ____, DEPT),
    "ListComplianceDifferences":Row(SELF,  OWN,   REPS,   ANY,    ____,   ANY,  ____, DEPT),
    "GetComplianceSummary":     Row(____,  OWN,   REPS,   ANY,    ANY,    ANY,  ____, DEPT),

    "ListAuditEvents":          Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "GetAuditStream":           Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "GetAuditStreamState":      Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "ListAuditStreamDifferences":Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "GetAuditTrace":            Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "GetAuditTraceOfEvent":     Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "ExportForInspection":      Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "GetInspectionKey":         Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "ListCheckpoints":          Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "GetLatestCheckpoint":      Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "GetInclusionProof":        Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "GetConsistencyProof":      Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),

    "ExportPersonalData":       Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),

    "ListScimUsers":           Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "GetScimUser":             Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "GetScimMe":               Row(SELF,  ____,  ____,   ____,   ____,   ANY,  ____),
    "SearchScimUsers":         Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ListScimGroups":          Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "GetScimGroup":            Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "SearchScim":               Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "SearchScimGroups":        Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "GetScimConfiguration":    Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ListScimResourceTypes":   Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "GetScimResourceType":     Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ListScimSchemas":         Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "GetScimSchema":           Row(____,  ____,  ____,   ____,   ____,   ANY,  ____),
    "ListImports":             Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "GetImport":               Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "ListImportRows":          Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),

    "ListConsentPurposes":      Row(ANY,   ____,  ____,   ____,   ____,   ANY,  ____),
    "GetConsentPurpose":        Row(ANY,   ____,  ____,   ____,   ____,   ANY,  ____),
    "ListConsents":             Row(SELF,  ____,  ____,   ANY,    ____,   ANY,  ____),

    "ListErasures":             Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "GetErasure":               Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "ListRetention":            Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "ListDue":                  Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
    "ListHolds":                Row(____,  ____,  ____,   ANY,    ____,   ANY,  ____),
}
# fmt: on

SAME_ROW = {
    "CountRefusals": "RecordRefusals",
    "LinkMyIdentity": "LinkOwnIdentity",
    "LogOut": "RecordLogout",
    "LogOutOfProvider": "RecordLogout",
    "PatchGroup": "ReplaceGroup",
    "PatchProvisionedUser": "ReplaceProvisionedUser",
    "PatchScimMe": "ReplaceProvisionedUser",
    "ProvisionInBulk": "ProvisionUser",
    "ReplaceScimMe": "ReplaceProvisionedUser",
    "StepUpBySignOn": "StepUp",
}
"""Operations of the APIs that go by the row of another name; of a bulk, each part does by its."""

OPEN_ROUTES = frozenset(
    {
        ("GET", "/health/live"),
        ("GET", "/health/ready"),
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("GET", "/asyncapi.json"),
        ("GET", "/.well-known/jwks.json"),
        ("GET", "/.well-known/seal-keys.json"),
        ("GET", "/verify/{number}"),
        ("POST", "/login"),
        ("POST", "/login/refresh"),
        ("POST", "/login/second-factor"),
        ("POST", "/oauth/token"),
        ("POST", "/login/password"),
        ("GET", "/password-reset"),
        ("POST", "/password-reset"),
        ("POST", "/password-reset/{token}"),
        ("GET", "/sso"),
        ("GET", "/sso/{provider}/login"),
        ("GET", "/sso/{provider}/callback"),
        ("POST", "/sso/{provider}/backchannel-logout"),
        ("POST", "/sso/tokens"),
    }
)
"""(method, path) of every route that answers without a token; all others need one."""

_ROWS = COMMANDS | QUERIES

NAMES = frozenset(_ROWS)
"""Every name that a token may be limited to."""

SENSITIVE = frozenset(
    {
        "ApproveErasure",
        "ChangeRoles",
        "ChangeServiceAccess",
        "CreateServiceAccount",
        "EnableServiceAccount",
        "EraseLearner",
        "IssueClientSecret",
        "LinkIdentity",
        "LinkOwnIdentity",
        "MapGroupRoles",
        "ReleaseHold",
        "RecordDataExport",
        "RecordDestroyedKeys",
        "RecordMasterKeyRotation",
        "ReplaceRecoveryCodes",
        "ResetSecondFactor",
        "RevokeSigningKey",
        "RotateSigningKeys",
        "SetRetention",
        "StartSecondFactor",
        "UnlinkIdentity",
    }
)
"""Commands for which a person must have proved a short while ago who they are, and that
a service account may only do when its token names them: they give power, or a way in, or can't be
undone."""

ENROLMENT = frozenset(
    {
        "ConfirmSecondFactor",
        "GetMe",
        "GetMySecondFactor",
        "RecordLogout",
        "RecordRecoveryCodeUse",
        "StartSecondFactor",
        "StepUp",
    }
)
"""All that somebody may do who has to have a second factor and hasn't shown one."""


@cache
def scopes(roles: frozenset[Role], name: str) -> frozenset[Scope]:
    """How far someone with these roles may go with a command or query; empty: not at all.

    Someone without any role may do nothing.

    Raises:
        UnknownOperation: the table has no row `name`.
    """
    row = _ROWS.get(name)
    if row is None:
        raise UnknownOperation(name)
    return frozenset(scope for role in roles for scope in _cells(row, role) if scope)


def reach(actor: Actor, name: str) -> frozenset[Scope]:
    """How far somebody may go with a command or query; empty: not at all.

    A token that names its operations is good for no others. A service account is nobody, so what
    a person may do about themselves it may not.

    Raises:
        UnknownOperation: the table has no row `name`.
    """
    granted = scopes(actor.roles, name)
    if actor.operations is not None and name not in actor.operations:
        return frozenset()
    return granted - {Scope.SELF} if actor.is_service else granted


def why_not(actor: Actor, name: str) -> str:
    """What to tell somebody whose reach with a command or query is empty."""
    if actor.operations is not None and scopes(actor.roles, name):
        return "The scope of this token doesn't allow this."
    return "Your roles don't allow this."


def _cells(row: Row, role: Role) -> Iterator[Scope | None]:
    if role is not Role.SYSTEM:
        yield row.person
    if role is not Role.EMPLOYEE:
        yield getattr(row, role)


_INTRODUCTION = """\
# Permissions

Written by `lms permissions` from `access/permissions.py`; don't edit it here.

Everyone with an account has what the column *person* says (an *employee* has no more than that),
and what the columns of their roles add. *self*: what is about the person who asks; *reports*: about
the people below them, directly or indirectly; *own courses*: what belongs to a course they are an
instructor of; *department*: what is about the people and departments below those that the role was
granted for. *system* is the policies' role, which nobody can be given.
"""


def as_table() -> str:
    """The permissions as a page of Markdown, as printed by `lms permissions`."""
    lines = [_INTRODUCTION, *_section("Commands", COMMANDS), *_section("Queries", QUERIES)]
    lines += ["## Open to everyone", ""]
    lines += [f"- `{method} {path}`" for method, path in sorted(OPEN_ROUTES)]
    return "\n".join(lines) + "\n"


def _section(title: str, rows: dict[str, Row]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield f"| | {' | '.join(Row._fields)} |"
    yield f"|---|{'---|' * len(Row._fields)}"
    for name, row in rows.items():
        yield f"| {name} | {' | '.join(scope or '' for scope in row)} |"
    yield ""
