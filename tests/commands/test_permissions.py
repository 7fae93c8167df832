"""Every command, sent by every role on somebody else's things, against the permission table."""

from collections.abc import Callable
from uuid import UUID, uuid4

import msgspec
import pytest

from access.actor import SYSTEM, Actor
from access.permissions import COMMANDS, Scope, scopes
from commands.assessment import AddQuestion, CreateAssessment, PublishAssessment
from commands.attempt import StartAttempt, SubmitAttempt
from commands.audit_read import RecordAuditRead, RecordOperatorRead
from commands.catalogue import HANDLERS
from commands.certificate import IssueCertificate, RevokeCertificate
from commands.consent import (
    DescribeConsentPurpose,
    GiveConsent,
    NewPurposeText,
    RetireConsentPurpose,
    ReviseConsentPurpose,
    WithdrawConsent,
)
from commands.course import (
    AddLesson,
    AddModule,
    ArchiveCourse,
    ChangeCourseDetails,
    CreateCourse,
    PublishCourse,
)
from commands.data_export import RecordDataExport
from commands.enrollment import (
    EnrollLearner,
    RecordAssessmentPassed,
    UpdateProgress,
    WithdrawEnrollment,
)
from commands.erasure import ApproveErasure, EraseLearner, RecordScrubbed, RefuseErasure
from commands.external_identity import (
    LinkIdentity,
    LinkOwnIdentity,
    RegisterFromProvider,
    UnlinkIdentity,
)
from commands.feedback import SubmitFeedback
from commands.group import (
    ApplyGroupRoles,
    ChangeGroupMembers,
    CreateGroup,
    DeleteGroup,
    MapGroupRoles,
    ReplaceGroup,
)
from commands.key_ring import (
    RecordDestroyedKeys,
    RecordMasterKeyRotation,
    RevokeSigningKey,
    RotateSigningKeys,
)
from commands.learner import (
    ChangePassword,
    ChangeRoles,
    DeactivateLearner,
    ReactivateLearner,
    RecordLogin,
    RecordLogout,
    RegisterLearner,
    UpdateLearner,
)
from commands.message import Command
from commands.notification import CreateNotification, ReadNotification
from commands.organization import (
    AddDepartment,
    MoveDepartment,
    RemoveDepartment,
    RenameDepartment,
)
from commands.password_reset import (
    AbandonPasswordReset,
    RecordResetMailed,
    RequestPasswordReset,
    ResetPassword,
)
from commands.provisioning import DeprovisionUser, ProvisionUser, ReplaceProvisionedUser
from commands.refused_access import RecordRefusals
from commands.retention import (
    ExpireRecord,
    PlaceHold,
    ReleaseHold,
    RemoveRetention,
    SetRetention,
)
from commands.second_factor import (
    ConfirmSecondFactor,
    DisableSecondFactor,
    RecordRecoveryCodeUse,
    ReplaceRecoveryCodes,
    ResetSecondFactor,
    StartSecondFactor,
)
from commands.service_account import (
    ChangeServiceAccess,
    CreateServiceAccount,
    DisableServiceAccount,
    EnableServiceAccount,
    IssueClientSecret,
    RevokeClientSecret,
)
from commands.session import EndAllSessions, EndOtherSessions, EndSession, StepUp
from commands.skill import AssessSkill, RemoveSkill
from commands.survey import AddSurveyQuestion, CloseSurvey, CreateSurvey, PublishSurvey
from commands.survey_invitation import InviteToCourseSurveys, InviteToSurvey
from commands.survey_response import SubmitSurveyResponse
from commands.testimonial import (
    ApproveTestimonial,
    RejectTestimonial,
    SubmitTestimonial,
    WithdrawTestimonial,
)
from commands.translation import (
    RemoveAssessmentTranslation,
    RemoveCourseTranslation,
    RemoveSurveyTranslation,
    TranslateAssessment,
    TranslateCourse,
    TranslateSurvey,
)
from commands.user_import import EndImport, ImportUsers
from domain.assessment import Assessment, QuestionKind
from domain.course import Course
from domain.enrollment import Enrollment
from domain.erasure import Ground, LegalBasis
from domain.errors import Forbidden
from domain.identity import external_identity_id
from domain.legal_holds import HeldKind
from domain.retention import RecordKind
from domain.roles import Role
from domain.survey import SurveyQuestionKind
from tests.commands.system import NOW, Given, Person, System

ISSUER = "https://login.example.com"


class Things(msgspec.Struct, frozen=True):
    """What belongs to `learner` (who reports to `manager`), and to `instructor`'s course."""

    learner: Person
    manager: Person
    instructor: Person
    course: Course
    enrollment: Enrollment
    assessment: Assessment
    attempt: UUID
    survey: UUID
    testimonial: UUID
    certificate: UUID
    department: UUID
    below: UUID
    department_admin: Person
    notification: UUID
    reset: UUID
    group: UUID
    user_import: UUID
    erasure: UUID
    hold: UUID

    @property
    def module(self) -> UUID:
        return next(iter(self.course.modules))


@pytest.fixture(scope="module")
def things(system: System) -> Things:
    given = Given(system)
    manager, instructor = given.a_person(Role.MANAGER), given.a_person(Role.INSTRUCTOR)
    department = given.a_department()
    learner = given.a_person(manager=manager, department=department)
    course = given.a_published_course(instructor)
    enrollment = given.a_completed_enrollment(learner, course)
    assessment = given.a_published_assessment(instructor, course)
    testimonial = SubmitTestimonial(course_id=course.id, text="Great.", rating=5)
    notification = a_notification(learner.id)
    link = LinkIdentity(
        learner_id=learner.id, provider="oidc:corporate", issuer=ISSUER, subject=str(learner.id)
    )
    reset = system.dispatch(RequestPasswordReset(learner_id=learner.id)).id
    system.dispatch(link)
    return Things(
        learner=learner,
        manager=manager,
        instructor=instructor,
        course=course,
        enrollment=enrollment,
        assessment=assessment,
        attempt=given.an_attempt(learner, assessment),
        survey=given.an_open_survey(instructor.actor, course),
        testimonial=system.dispatch(testimonial, learner.actor).id,
        certificate=system.dispatch(IssueCertificate(enrollment_id=enrollment.id)).id,
        notification=system.dispatch(notification).id,
        department=department,
        below=given.a_department(below=department),
        department_admin=given.a_department_admin(department),
        reset=reset,
        group=system.dispatch(CreateGroup(display_name="All")).id,
        erasure=system.dispatch(
            EraseLearner(learner_id=given.a_person().id, legal_basis=LegalBasis.OBJECTION)
        ).id,
        hold=system.dispatch(
            PlaceHold(kind=HeldKind.LEARNER, subject_id=given.a_person().id, reason="Case 7")
        ).id,
        user_import=system.dispatch(ImportUsers(content="username,email\na,a@example.com")).id,
    )


def a_notification(learner_id: UUID) -> CreateNotification:
    return CreateNotification(
        learner_id=learner_id,
        cause=uuid4().hex,
        kind="enrollment",
        subject_id=uuid4(),
        text_key="enrolled",
    )


COMMANDS_ON: dict[type[Command], Callable[[Things], Command]] = {
    RegisterLearner: lambda t: RegisterLearner(
        username=uuid4().hex,
        email=f"{uuid4().hex}@example.com",
        full_name="Joe",
        department_id=t.department,
    ),
    UpdateLearner: lambda t: UpdateLearner(learner_id=t.learner.id, full_name="Joe"),
    ChangeRoles: lambda t: ChangeRoles(learner_id=t.learner.id, roles=[Role.MANAGER]),
    DeactivateLearner: lambda t: DeactivateLearner(learner_id=t.learner.id),
    ReactivateLearner: lambda t: ReactivateLearner(learner_id=t.learner.id),
    RecordLogin: lambda t: RecordLogin(learner_id=t.learner.id, method="password"),
    RecordLogout: lambda t: RecordLogout(learner_id=t.learner.id),
    ChangePassword: lambda t: ChangePassword(learner_id=t.learner.id, password="a long secret"),
    EndSession: lambda t: EndSession(learner_id=t.learner.id, session_id=uuid4()),
    EndOtherSessions: lambda t: EndOtherSessions(learner_id=t.learner.id),
    EndAllSessions: lambda t: EndAllSessions(learner_id=t.learner.id),
    StepUp: lambda t: StepUp(learner_id=t.learner.id, factors=["pwd"]),
    StartSecondFactor: lambda t: StartSecondFactor(
        learner_id=t.learner.id, enrolment_id=uuid4(), sealed_secret=b"sealed"
    ),
    ConfirmSecondFactor: lambda t: ConfirmSecondFactor(
        learner_id=t.learner.id, enrolment_id=uuid4(), code_hashes=[]
    ),
    ReplaceRecoveryCodes: lambda t: ReplaceRecoveryCodes(learner_id=t.learner.id, code_hashes=[]),
    DisableSecondFactor: lambda t: DisableSecondFactor(learner_id=t.learner.id),
    ResetSecondFactor: lambda t: ResetSecondFactor(learner_id=t.learner.id, reason="Lost."),
    RecordRecoveryCodeUse: lambda t: RecordRecoveryCodeUse(learner_id=t.learner.id),
    RotateSigningKeys: lambda _: RotateSigningKeys(
        kid=uuid4().hex, public_key=bytes(32), sealed_private_key=b"sealed"
    ),
    RecordMasterKeyRotation: lambda _: RecordMasterKeyRotation(
        key_id=uuid4().hex[:16],
        former_key_ids=["first"],
        master_key_id="known:0",
        former_master_key_ids=[],
        persons=0,
        secrets=0,
    ),
    RecordDataExport: lambda t: RecordDataExport(learner_id=t.learner.id),
    RecordDestroyedKeys: lambda _: RecordDestroyedKeys(key_ids=["first"]),
    RevokeSigningKey: lambda _: RevokeSigningKey(kid="made up"),
    CreateServiceAccount: lambda _: CreateServiceAccount(
        name=uuid4().hex, roles=[Role.ANALYST], secret_id=uuid4(), secret_hash=bytes(32)
    ),
    ChangeServiceAccess: lambda _: ChangeServiceAccess(
        service_account_id=uuid4(), roles=[Role.ADMIN]
    ),
    IssueClientSecret: lambda _: IssueClientSecret(
        service_account_id=uuid4(), secret_id=uuid4(), secret_hash=bytes(32)
    ),
    RevokeClientSecret: lambda _: RevokeClientSecret(service_account_id=uuid4(), secret_id=uuid4()),
    DisableServiceAccount: lambda _: DisableServiceAccount(service_account_id=uuid4()),
    EnableServiceAccount: lambda _: EnableServiceAccount(service_account_id=uuid4()),
    AssessSkill: lambda t: AssessSkill(learner_id=t.learner.id, skill="Rust", level=5),
    RemoveSkill: lambda t: RemoveSkill(learner_id=t.learner.id, skill="Rust"),
    AddDepartment: lambda t: AddDepartment(name=uuid4().hex, parent_id=t.department),
    RenameDepartment: lambda t: RenameDepartment(department_id=t.below, name=uuid4().hex),
    MoveDepartment: lambda t: MoveDepartment(department_id=t.below, parent_id=t.department),
    RemoveDepartment: lambda t: RemoveDepartment(department_id=t.below),
    RequestPasswordReset: lambda t: RequestPasswordReset(learner_id=t.learner.id),
    RecordResetMailed: lambda t: RecordResetMailed(reset_id=t.reset, expires_at=NOW),
    AbandonPasswordReset: lambda t: AbandonPasswordReset(reset_id=t.reset, reason="inactive"),
    ResetPassword: lambda t: ResetPassword(reset_id=t.reset, password="a long secret"),
    RecordRefusals: lambda t: RecordRefusals(
        key=bytes(32),
        counted=1,
        act="log-in",
        why="wrong-password",
        number=1,
        first_at=NOW,
        last_at=NOW,
        learner_id=t.learner.id,
    ),
    RegisterFromProvider: lambda _: RegisterFromProvider(
        provider="oidc:corporate",
        issuer=ISSUER,
        subject=uuid4().hex,
        username=uuid4().hex,
        email=f"{uuid4().hex}@example.com",
        full_name="Joe",
    ),
    LinkIdentity: lambda t: LinkIdentity(
        learner_id=t.learner.id, provider="oidc:corporate", issuer=ISSUER, subject=uuid4().hex
    ),
    LinkOwnIdentity: lambda t: LinkOwnIdentity(
        learner_id=t.learner.id, provider="oidc:corporate", issuer=ISSUER, subject=uuid4().hex
    ),
    UnlinkIdentity: lambda t: UnlinkIdentity(
        learner_id=t.learner.id, identity_id=external_identity_id(ISSUER, str(t.learner.id))
    ),
    CreateCourse: lambda _: CreateCourse(title="Mine"),
    ChangeCourseDetails: lambda t: ChangeCourseDetails(course_id=t.course.id, title="Mine"),
    AddModule: lambda t: AddModule(course_id=t.course.id, title="Mine"),
    AddLesson: lambda t: AddLesson(course_id=t.course.id, module_id=t.module, title="Mine"),
    TranslateCourse: lambda t: TranslateCourse(course_id=t.course.id, language="de", title="Meins"),
    RemoveCourseTranslation: lambda t: RemoveCourseTranslation(
        course_id=t.course.id, language="de"
    ),
    PublishCourse: lambda t: PublishCourse(course_id=t.course.id),
    ArchiveCourse: lambda t: ArchiveCourse(course_id=t.course.id),
    EnrollLearner: lambda t: EnrollLearner(course_id=t.course.id, learner_id=t.learner.id),
    UpdateProgress: lambda t: UpdateProgress(
        enrollment_id=t.enrollment.id, lesson_id=t.enrollment.lessons[0], percent=100
    ),
    WithdrawEnrollment: lambda t: WithdrawEnrollment(enrollment_id=t.enrollment.id),
    RecordAssessmentPassed: lambda t: RecordAssessmentPassed(
        enrollment_id=t.enrollment.id,
        assessment_id=t.assessment.id,
        attempt_id=t.attempt,
        score=100,
    ),
    CreateAssessment: lambda t: CreateAssessment(course_id=t.course.id, title="Mine", pass_mark=0),
    AddQuestion: lambda t: AddQuestion(
        assessment_id=t.assessment.id, kind=QuestionKind.SINGLE, prompt="Why?", choices=[]
    ),
    TranslateAssessment: lambda t: TranslateAssessment(
        assessment_id=t.assessment.id, language="de", title="Meins"
    ),
    RemoveAssessmentTranslation: lambda t: RemoveAssessmentTranslation(
        assessment_id=t.assessment.id, language="de"
    ),
    PublishAssessment: lambda t: PublishAssessment(assessment_id=t.assessment.id),
    StartAttempt: lambda t: StartAttempt(assessment_id=t.assessment.id),
    SubmitAttempt: lambda t: SubmitAttempt(attempt_id=t.attempt, answers=[]),
    SubmitFeedback: lambda t: SubmitFeedback(course_id=t.course.id, rating=1),
    CreateSurvey: lambda t: CreateSurvey(title="Mine", course_id=t.course.id),
    AddSurveyQuestion: lambda t: AddSurveyQuestion(
        survey_id=t.survey, kind=SurveyQuestionKind.TEXT, prompt="Why?"
    ),
    TranslateSurvey: lambda t: TranslateSurvey(survey_id=t.survey, language="de", title="Meins"),
    RemoveSurveyTranslation: lambda t: RemoveSurveyTranslation(survey_id=t.survey, language="de"),
    PublishSurvey: lambda t: PublishSurvey(survey_id=t.survey),
    CloseSurvey: lambda t: CloseSurvey(survey_id=t.survey),
    InviteToSurvey: lambda t: InviteToSurvey(survey_id=t.survey, learner_id=t.learner.id),
    InviteToCourseSurveys: lambda t: InviteToCourseSurveys(enrollment_id=t.enrollment.id),
    SubmitSurveyResponse: lambda t: SubmitSurveyResponse(survey_id=t.survey, answers=[]),
    SubmitTestimonial: lambda t: SubmitTestimonial(course_id=t.course.id, text="Bad", rating=1),
    ApproveTestimonial: lambda t: ApproveTestimonial(testimonial_id=t.testimonial),
    RejectTestimonial: lambda t: RejectTestimonial(testimonial_id=t.testimonial, reason="Bad"),
    WithdrawTestimonial: lambda t: WithdrawTestimonial(testimonial_id=t.testimonial),
    IssueCertificate: lambda t: IssueCertificate(enrollment_id=t.enrollment.id),
    RevokeCertificate: lambda t: RevokeCertificate(certificate_id=t.certificate, reason="Bad"),
    CreateNotification: lambda t: a_notification(t.learner.id),
    ProvisionUser: lambda _: ProvisionUser(
        username=uuid4().hex, email=f"{uuid4().hex}@example.com", full_name="Joe"
    ),
    ReplaceProvisionedUser: lambda t: ReplaceProvisionedUser(
        learner_id=t.learner.id,
        username=uuid4().hex,
        email=f"{uuid4().hex}@example.com",
        full_name="Joe",
    ),
    DeprovisionUser: lambda t: DeprovisionUser(learner_id=t.learner.id),
    CreateGroup: lambda _: CreateGroup(display_name="Mine"),
    ReplaceGroup: lambda t: ReplaceGroup(group_id=t.group, display_name="Mine"),
    ChangeGroupMembers: lambda t: ChangeGroupMembers(group_id=t.group, add=[t.learner.id]),
    DeleteGroup: lambda t: DeleteGroup(group_id=t.group),
    MapGroupRoles: lambda t: MapGroupRoles(group_id=t.group, roles=[Role.ADMIN]),
    ApplyGroupRoles: lambda t: ApplyGroupRoles(group_id=t.group, learner_id=t.learner.id),
    ImportUsers: lambda _: ImportUsers(content="username,email\na,a@example.com"),
    EraseLearner: lambda t: EraseLearner(learner_id=t.learner.id, legal_basis=LegalBasis.OBJECTION),
    ApproveErasure: lambda t: ApproveErasure(erasure_id=t.erasure),
    RefuseErasure: lambda t: RefuseErasure(
        erasure_id=t.erasure, ground=Ground.LEGAL_CLAIMS, reason="Case 7"
    ),
    RecordScrubbed: lambda t: RecordScrubbed(erasure_id=t.erasure, places=[]),
    SetRetention: lambda _: SetRetention(kind=RecordKind.FEEDBACK, days=30_000, basis="Our own"),
    RemoveRetention: lambda _: RemoveRetention(kind=RecordKind.FEEDBACK),
    PlaceHold: lambda t: PlaceHold(kind=HeldKind.COURSE, subject_id=t.course.id, reason="Case 7"),
    ReleaseHold: lambda t: ReleaseHold(hold_id=t.hold, reason="Settled"),
    ExpireRecord: lambda t: ExpireRecord(kind=RecordKind.ENROLLMENT, record_id=t.enrollment.id),
    EndImport: lambda t: EndImport(import_id=t.user_import),
    ReadNotification: lambda t: ReadNotification(notification_id=t.notification),
    DescribeConsentPurpose: lambda _: DescribeConsentPurpose(
        code=uuid4().hex, texts={"en": NewPurposeText(title="May we?", text="We would like to.")}
    ),
    ReviseConsentPurpose: lambda _: ReviseConsentPurpose(code="unknown", texts={}),
    RetireConsentPurpose: lambda _: RetireConsentPurpose(code="unknown"),
    GiveConsent: lambda _: GiveConsent(purpose="unknown", text_version=1),
    WithdrawConsent: lambda _: WithdrawConsent(purpose="unknown"),
    RecordAuditRead: lambda _: RecordAuditRead(query="ListAuditEvents"),
    RecordOperatorRead: lambda _: RecordOperatorRead(query="ListAuditEvents", operator="root@lms"),
}

THE_ACTOR_S_OWN = {
    GiveConsent,
    StartAttempt,
    SubmitFeedback,
    SubmitSurveyResponse,
    SubmitTestimonial,
    WithdrawConsent,
}
"""These name nobody: they are about the one who sends them, who gets no further than that."""

every_command = pytest.mark.parametrize("command", COMMANDS_ON, ids=lambda it: it.__name__)
every_limited_role = pytest.mark.parametrize(
    ("command", "role"),
    [
        (command, role)
        for command in COMMANDS_ON
        for role in Role
        if role is not Role.SYSTEM and Scope.ANY not in scopes(frozenset({role}), command.__name__)
    ],
    ids=lambda it: it if isinstance(it, Role) else it.__name__,
)
every_command_on_something = pytest.mark.parametrize(
    "command", sorted(COMMANDS_ON.keys() - THE_ACTOR_S_OWN, key=str), ids=lambda it: it.__name__
)


def reach_of(actor: Actor, command: type[Command]) -> frozenset[Scope]:
    return scopes(actor.roles, command.__name__)


def test_every_command_has_a_handler_a_row_and_a_place_here() -> None:
    assert set(COMMANDS_ON) == set(HANDLERS)
    assert {command.__name__ for command in COMMANDS_ON} == set(COMMANDS)


@every_limited_role
def test_nobody_gets_at_what_is_not_theirs(
    system: System, things: Things, command: type[Command], role: Role
) -> None:
    stranger = Actor(uuid4(), frozenset({role}), authenticated_at=NOW)
    outcome = system.when(COMMANDS_ON[command](things), stranger)
    assert outcome.refusal is not None
    assert outcome.facts == []
    if command not in THE_ACTOR_S_OWN:
        outcome.refuses(Forbidden)


@every_command
def test_the_system_does_what_its_policies_need_and_no_more(
    system: System, things: Things, command: type[Command]
) -> None:
    outcome = system.when(COMMANDS_ON[command](things), SYSTEM)
    assert isinstance(outcome.refusal, Forbidden) is (not reach_of(SYSTEM, command))


@every_command_on_something
def test_whoever_the_row_names_gets_through(
    system: System, things: Things, command: type[Command]
) -> None:
    for person, scope in (
        (things.learner, Scope.SELF),
        (things.manager, Scope.REPORTS),
        (things.instructor, Scope.OWN_COURSES),
        (things.department_admin, Scope.DEPARTMENT),
    ):
        reach = reach_of(person.actor, command)
        may = bool(reach & {scope, Scope.ANY})
        outcome = system.peek(COMMANDS_ON[command](things), person.actor)
        assert isinstance(outcome, Forbidden) is (not may), f"{person}: {outcome!r}"
