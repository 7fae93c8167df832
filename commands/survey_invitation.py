"""Asking learners to answer surveys."""

from uuid import UUID

from access.mail_queue import MailKind, wanted_statement
from commands.consent import wants_mail
from commands.message import Command, handles
from commands.survey import own_survey
from commands.work import Work
from domain.course_surveys import CourseSurveys
from domain.enrollment import Enrollment
from domain.errors import Conflict
from domain.identity import course_surveys_id, survey_invitation_id
from domain.learner import Learner
from domain.survey_invitation import SurveyInvitation


class AlreadyInvited(Conflict):
    code = "already-invited"


class InviteToSurvey(Command, frozen=True):
    survey_id: UUID
    learner_id: UUID


class InviteToCourseSurveys(Command, frozen=True):
    """Invites the learner of an enrolment to every survey about its course that is open now."""

    enrollment_id: UUID


@handles(InviteToSurvey)
def invite_to_survey(command: InviteToSurvey, work: Work) -> SurveyInvitation:
    survey = own_survey(command.survey_id, work)
    survey.must_be_open()
    work.existing(Learner, command.learner_id, field="learner_id").must_be_active()
    invitation = _invitation(survey.id, command.learner_id, None, work)
    if invitation is None:
        raise AlreadyInvited("This person has been invited already.")
    return invitation


@handles(InviteToCourseSurveys)
def invite_to_course_surveys(command: InviteToCourseSurveys, work: Work) -> Enrollment:
    """Answers with the enrolment, which stays as it is; there may be no survey at all."""
    enrollment = work.latest(Enrollment, command.enrollment_id)
    index = work.find_latest(CourseSurveys, course_surveys_id(enrollment.course_id))
    for survey_id in index.surveys if index else []:
        invitation = _invitation(survey_id, enrollment.learner_id, enrollment.id, work)
        if invitation is not None:
            work.save_too(invitation)
    return enrollment


def _invitation(
    survey_id: UUID, learner_id: UUID, enrollment_id: UUID | None, work: Work
) -> SurveyInvitation | None:
    """A new invitation; `None` when the learner has one."""
    if work.find(SurveyInvitation, survey_invitation_id(survey_id, learner_id)):
        return None
    invitation = SurveyInvitation.send(
        survey_id=survey_id, learner_id=learner_id, enrollment_id=enrollment_id, at=work.now
    )
    if wants_mail(learner_id, work):
        mail = wanted_statement(invitation.id, learner_id, MailKind.SURVEY_INVITATION, work.now)
        work.execute_too(*mail)
    return invitation
