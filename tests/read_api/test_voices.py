"""Feedback, testimonials and surveys: what people say, and who may know that they did."""

from uuid import UUID

import pytest

from commands.feedback import SubmitFeedback
from commands.survey import AddSurveyQuestion, CreateSurvey, NewSurveyChoice, PublishSurvey
from commands.survey_response import GivenSurveyAnswer, SubmitSurveyResponse
from commands.testimonial import ApproveTestimonial, RejectTestimonial, SubmitTestimonial
from domain.course import Course
from domain.enrollment import Enrollment
from domain.survey import SurveyQuestionKind
from read_api.survey_results import RatingTally, mean, net_promoters
from tests.commands.system import ADMIN, Given, Person, System
from tests.read_api.reading import Reading


def test_feedback_is_there_for_its_author_and_the_course_s_instructors(
    reading: Reading,
    system: System,
    a_learner: Person,
    a_manager: Person,
    an_instructor: Person,
    another_instructor: Person,
    an_open_enrollment: Enrollment,
) -> None:
    course_id = an_open_enrollment.course_id
    command = SubmitFeedback(course_id=course_id, rating=4, feedback_text="Good, but short.")
    id = system.dispatch(command, a_learner.actor).id
    for person in (a_learner, an_instructor):
        (seen,) = reading.ok("/feedback", person, params={"course_id": course_id})["items"]
        assert (seen["id"], seen["rating"]) == (str(id), 4)
        assert seen["feedback_text"] == "Good, but short."
    for person in (a_manager, another_instructor):
        assert reading.ids("/feedback", person, course_id=course_id) == []
    assert reading.ids("/feedback", an_instructor, course_id=course_id, rating=5) == []


def a_testimonial(
    system: System, author: Person, course_id: UUID, *, anonymous: bool = False
) -> UUID:
    command = SubmitTestimonial(
        course_id=course_id, text="It changed my life.", rating=5, anonymous=anonymous
    )
    return system.dispatch(command, author.actor).id


def test_a_testimonial_is_public_once_it_is_approved(
    reading: Reading,
    system: System,
    a_learner: Person,
    an_instructor: Person,
    another_instructor: Person,
    an_auditor: Person,
    an_open_enrollment: Enrollment,
) -> None:
    course_id = an_open_enrollment.course_id
    id = a_testimonial(system, a_learner, course_id)
    for person in (a_learner, an_instructor, an_auditor):
        assert reading.ids("/testimonials", person, course_id=course_id) == [id]
    assert reading.ids("/testimonials", another_instructor, course_id=course_id) == []
    system.dispatch(ApproveTestimonial(testimonial_id=id), an_instructor.actor)
    (seen,) = reading.ok("/testimonials", another_instructor, params={"course_id": course_id})[
        "items"
    ]
    assert (seen["learner_id"], seen["author_name"]) == (str(a_learner.id), "Jane Doe")


def test_a_rejected_testimonial_is_not(
    reading: Reading,
    system: System,
    a_learner: Person,
    an_instructor: Person,
    a_stranger: Person,
    an_open_enrollment: Enrollment,
) -> None:
    id = a_testimonial(system, a_learner, an_open_enrollment.course_id)
    command = RejectTestimonial(testimonial_id=id, reason="Off topic.")
    system.dispatch(command, an_instructor.actor)
    course = {"course_id": an_open_enrollment.course_id}
    assert reading.ids("/testimonials", a_stranger, **course) == []
    (seen,) = reading.ok("/testimonials", a_learner, params=course)["items"]
    assert (seen["status"], seen["rejection_reason"]) == ("rejected", "Off topic.")


def test_an_anonymous_author_is_known_to_themselves_only(
    reading: Reading,
    system: System,
    a_learner: Person,
    an_instructor: Person,
    an_auditor: Person,
    a_stranger: Person,
    an_open_enrollment: Enrollment,
) -> None:
    id = a_testimonial(system, a_learner, an_open_enrollment.course_id, anonymous=True)
    system.dispatch(ApproveTestimonial(testimonial_id=id), an_instructor.actor)
    course = {"course_id": an_open_enrollment.course_id}
    for person in (an_instructor, an_auditor, a_stranger, ADMIN):
        (seen,) = reading.ok("/testimonials", person, params=course)["items"]
        assert (seen["learner_id"], seen["author_name"]) == (None, None)
        assert str(a_learner.id) not in str(seen)
    (own,) = reading.ok("/testimonials", a_learner, params=course)["items"]
    assert own["learner_id"] == str(a_learner.id)


class Sheet:
    """A published survey with a question of each kind, and what is answered to it."""

    def __init__(self, system: System, by: Person, course: Course, *, anonymous: bool) -> None:
        self._system = system
        create = CreateSurvey(title="How was it?", course_id=course.id, anonymous=anonymous)
        self.id = system.dispatch(create, by.actor).id
        self.questions = {kind: self._ask(kind, by) for kind in SurveyQuestionKind}
        system.dispatch(PublishSurvey(survey_id=self.id), by.actor)

    def _ask(self, kind: SurveyQuestionKind, by: Person) -> UUID:
        with_choices = kind in (SurveyQuestionKind.SINGLE, SurveyQuestionKind.MULTIPLE)
        command = AddSurveyQuestion(
            survey_id=self.id,
            kind=kind,
            prompt=f"A question of {kind}?",
            choices=[NewSurveyChoice(text=text) for text in ("a", "b")] if with_choices else [],
        )
        return self._system.dispatch(command, by.actor).id

    def answered(self, by: Person, choice: UUID, rating: int, nps: int, text: str) -> None:
        answers = [
            GivenSurveyAnswer(
                question_id=self.questions[SurveyQuestionKind.SINGLE], choices=[choice]
            ),
            GivenSurveyAnswer(question_id=self.questions[SurveyQuestionKind.RATING], rating=rating),
            GivenSurveyAnswer(question_id=self.questions[SurveyQuestionKind.NPS], rating=nps),
            GivenSurveyAnswer(question_id=self.questions[SurveyQuestionKind.TEXT], text=text),
        ]
        command = SubmitSurveyResponse(survey_id=self.id, answers=answers)
        self._system.dispatch(command, by.actor)


def test_results_tell_how_often_each_answer_was_given(
    reading: Reading,
    given: Given,
    system: System,
    an_instructor: Person,
    another_instructor: Person,
    a_stranger: Person,
    a_published_course: Course,
) -> None:
    survey = Sheet(system, an_instructor, a_published_course, anonymous=False)
    asked = reading.ok(f"/surveys/{survey.id}", a_stranger)
    first, second = (UUID(choice["id"]) for choice in asked["questions"][0]["choices"])
    for choice, rating, nps in ((first, 5, 10), (first, 4, 9), (second, 2, 3), (first, 5, 7)):
        learner = given.a_person()
        given.an_enrollment(learner, a_published_course)
        survey.answered(learner, choice, rating, nps, "Fine.")

    results = reading.ok(f"/surveys/{survey.id}/results", an_instructor)
    assert (results["responses"], results["withheld"]) == (4, False)
    single, multiple, rating_of, nps_of, text = results["questions"]
    assert [choice["times"] for choice in single["choices"]] == [3, 1]
    assert [choice["times"] for choice in multiple["choices"]] == [0, 0]
    assert rating_of["ratings"] == [{"rating": r, "times": t} for r, t in ((2, 1), (4, 1), (5, 2))]
    assert rating_of["mean"] == 4.0
    assert nps_of["nps"] == 25.0
    assert text["texts"] == ["Fine."] * 4
    assert reading.status(f"/surveys/{survey.id}/results", another_instructor) == 404
    assert reading.status(f"/surveys/{survey.id}/results", a_stranger) == 403


def test_results_of_an_anonymous_survey_are_withheld_until_three_have_answered(
    reading: Reading,
    given: Given,
    system: System,
    an_instructor: Person,
    a_published_course: Course,
) -> None:
    survey = Sheet(system, an_instructor, a_published_course, anonymous=True)
    path = f"/surveys/{survey.id}"
    choice = UUID(reading.ok(path, ADMIN)["questions"][0]["choices"][0]["id"])
    for number in (1, 2, 3):
        learner = given.a_person()
        given.an_enrollment(learner, a_published_course)
        survey.answered(learner, choice, 5, 10, "Secret.")
        results = reading.ok(f"{path}/results", an_instructor)
        assert (results["responses"], results["withheld"]) == (number, number < 3)
        assert bool(results["questions"]) == (number >= 3)
        (listed,) = reading.ok("/surveys", learner, params={"course_id": a_published_course.id})[
            "items"
        ]
        assert listed["answered"] is True


def test_a_draft_survey_is_there_for_its_instructors(
    reading: Reading, given: Given, an_instructor: Person, a_stranger: Person
) -> None:
    survey = given.a_survey(an_instructor.actor, given.a_published_course(an_instructor))
    assert reading.status(f"/surveys/{survey}", an_instructor) == 200
    assert reading.status(f"/surveys/{survey}", a_stranger) == 404


@pytest.mark.parametrize(
    ("tallies", "mean_of", "nps"),
    [
        ([], None, None),
        ([RatingTally(0, 1)], 0.0, -100.0),
        ([RatingTally(7, 3), RatingTally(8, 1)], 7.25, 0.0),
        ([RatingTally(6, 1), RatingTally(9, 1), RatingTally(10, 1)], 8.33, 33.3),
    ],
)
def test_means_and_net_promoters(
    tallies: list[RatingTally], mean_of: float | None, nps: float | None
) -> None:
    assert (mean(tallies), net_promoters(tallies)) == (mean_of, nps)
