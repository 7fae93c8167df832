from uuid import uuid4

from access.actor import SYSTEM
from commands.errors import NotEnrolled
from commands.survey import (
    AddSurveyQuestion,
    CloseSurvey,
    CreateSurvey,
    NewSurveyChoice,
    NewSurveyQuestion,
    PublishSurvey,
)
from commands.survey_invitation import AlreadyInvited, InviteToCourseSurveys, InviteToSurvey
from commands.survey_response import GivenSurveyAnswer, SubmitSurveyResponse
from domain.course import Course
from domain.course_surveys import CourseSurveys
from domain.enrollment import Enrollment
from domain.errors import Forbidden, Invalid, NotFound
from domain.identity import survey_receipt_id
from domain.survey import Survey, SurveyClosed, SurveyNotPublished, SurveyQuestionKind
from domain.survey_invitation import SurveyInvitation
from domain.survey_response import AlreadyAnswered, SurveyReceipt, SurveyResponse
from tests.commands.system import ADMIN, Given, Person, System


def words(system: System, survey_id: object, text: str = "All of it") -> SubmitSurveyResponse:
    survey = system.log.find_latest(Survey, survey_id)  # type: ignore[arg-type]
    assert survey is not None
    answer = GivenSurveyAnswer(question_id=survey.questions[0].id, text=text)
    return SubmitSurveyResponse(survey_id=survey.id, answers=[answer])


def test_a_survey_comes_with_its_questions(
    system: System, an_instructor: Person, a_published_course: Course
) -> None:
    choices = [NewSurveyChoice(text="yes"), NewSurveyChoice(text="no")]
    questions = [
        NewSurveyQuestion(kind=SurveyQuestionKind.NPS, prompt="Would you recommend it?"),
        NewSurveyQuestion(kind=SurveyQuestionKind.SINGLE, prompt="Again?", choices=choices),
    ]
    create = CreateSurvey(title="End", course_id=a_published_course.id, questions=questions)
    system.when(create, an_instructor.actor).then(
        Survey.Created, Survey.QuestionAdded, Survey.QuestionAdded
    )


def test_the_question_at_fault_is_named(system: System) -> None:
    bad = NewSurveyQuestion(kind=SurveyQuestionKind.SINGLE, prompt="Which?")
    fine = NewSurveyQuestion(kind=SurveyQuestionKind.TEXT, prompt="Why?")
    create = CreateSurvey(title="End", questions=[fine, bad])
    system.when(create).refuses(Invalid, "questions[1].choices")


def test_a_survey_about_no_course_is_the_admin_s(system: System, an_instructor: Person) -> None:
    create = CreateSurvey(title="The canteen")
    system.when(create, an_instructor.actor).refuses(Forbidden)
    id = system.when(create, ADMIN).then(Survey.Created).id
    add = AddSurveyQuestion(survey_id=id, kind=SurveyQuestionKind.TEXT, prompt="Soup?")
    system.when(add, an_instructor.actor).refuses(Forbidden)
    system.when(add, ADMIN).then(Survey.QuestionAdded)
    system.when(PublishSurvey(survey_id=id), ADMIN).then(Survey.Published)
    system.when(CloseSurvey(survey_id=id), ADMIN).then(Survey.Closed)


def test_a_course_s_open_surveys_are_indexed(
    system: System, given: Given, an_instructor: Person, a_published_course: Course
) -> None:
    one = given.a_survey(an_instructor.actor, a_published_course)
    other = given.a_survey(an_instructor.actor, a_published_course)
    system.when(PublishSurvey(survey_id=one), an_instructor.actor).then(
        Survey.Published, CourseSurveys.Opened, CourseSurveys.SurveyAdded
    )
    system.when(PublishSurvey(survey_id=other), an_instructor.actor).then(
        Survey.Published, CourseSurveys.SurveyAdded
    )
    system.when(CloseSurvey(survey_id=one), an_instructor.actor).then(
        Survey.Closed, CourseSurveys.SurveyRemoved
    )


def test_a_signed_response_is_given_once(
    system: System,
    given: Given,
    a_learner: Person,
    an_open_enrollment: Enrollment,
    an_instructor: Person,
    a_published_course: Course,
) -> None:
    survey = given.an_open_survey(an_instructor.actor, a_published_course)
    system.when(words(system, survey), a_learner.actor).then(SurveyResponse.Submitted)
    system.when(words(system, survey), a_learner.actor).refuses(AlreadyAnswered)


def test_an_anonymous_response_names_nobody(
    system: System,
    given: Given,
    a_learner: Person,
    an_open_enrollment: Enrollment,
    an_instructor: Person,
    a_published_course: Course,
) -> None:
    survey = given.an_open_survey(an_instructor.actor, a_published_course, anonymous=True)
    outcome = system.when(words(system, survey), a_learner.actor)
    recorded = outcome.then(SurveyReceipt.Given, SurveyResponse.Submitted)
    assert recorded.id == survey_receipt_id(survey, a_learner.id), "not the id of the sheet"
    assert outcome.facts[1].learner_id is None
    metadata = system.metadata_at(recorded.position)
    assert (metadata.actor, metadata.client) == (None, None)
    system.when(words(system, survey), a_learner.actor).refuses(AlreadyAnswered)


def test_only_participants_answer_a_course_s_survey(
    system: System,
    given: Given,
    a_stranger: Person,
    an_instructor: Person,
    a_published_course: Course,
) -> None:
    survey = given.an_open_survey(an_instructor.actor, a_published_course)
    system.when(words(system, survey), a_stranger.actor).refuses(NotEnrolled)


def test_anybody_answers_a_survey_about_no_course(
    system: System, given: Given, a_stranger: Person
) -> None:
    survey = given.an_open_survey(ADMIN)
    system.when(words(system, survey), a_stranger.actor).then(SurveyResponse.Submitted)
    system.when(words(system, survey), SYSTEM).refuses(Forbidden)
    nothing = SubmitSurveyResponse(survey_id=uuid4(), answers=[])
    system.when(nothing, a_stranger.actor).refuses(NotFound)


def test_answers_are_taken_while_the_survey_is_open(
    system: System, given: Given, a_stranger: Person
) -> None:
    survey = given.a_survey(ADMIN)
    system.when(words(system, survey), a_stranger.actor).refuses(SurveyNotPublished)
    system.dispatch(PublishSurvey(survey_id=survey))
    system.dispatch(CloseSurvey(survey_id=survey))
    system.when(words(system, survey), a_stranger.actor).refuses(SurveyClosed)


def test_an_instructor_invites_to_their_survey_once(
    system: System,
    given: Given,
    a_stranger: Person,
    an_instructor: Person,
    another_instructor: Person,
    a_published_course: Course,
) -> None:
    survey = given.an_open_survey(an_instructor.actor, a_published_course)
    invite = InviteToSurvey(survey_id=survey, learner_id=a_stranger.id)
    system.when(invite, another_instructor.actor).refuses(Forbidden)
    system.when(invite, an_instructor.actor).then(SurveyInvitation.Sent)
    system.when(invite, an_instructor.actor).refuses(AlreadyInvited)
    nobody = InviteToSurvey(survey_id=survey, learner_id=uuid4())
    system.when(nobody, an_instructor.actor).refuses(Invalid, "learner_id")


def test_a_completion_invites_to_the_surveys_open_now(
    system: System,
    another_process: System,
    given: Given,
    an_instructor: Person,
    a_published_course: Course,
    an_open_enrollment: Enrollment,
) -> None:
    invite = InviteToCourseSurveys(enrollment_id=an_open_enrollment.id)
    system.when(invite, SYSTEM).then()
    elsewhere = Given(another_process)
    one = elsewhere.an_open_survey(an_instructor.actor, a_published_course)
    other = elsewhere.an_open_survey(an_instructor.actor, a_published_course)
    closed = given.an_open_survey(an_instructor.actor, a_published_course)
    system.dispatch(CloseSurvey(survey_id=closed))
    outcome = system.when(invite, SYSTEM)
    outcome.then(SurveyInvitation.Sent, SurveyInvitation.Sent)
    assert [sent.survey_id for sent in outcome.facts] == [one, other]
    assert {sent.enrollment_id for sent in outcome.facts} == {an_open_enrollment.id}
    system.when(invite, SYSTEM).then()
