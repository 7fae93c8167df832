"""What learners say about a course once they have completed it."""

from random import Random
from typing import Final

from domain.feedback import Feedback
from domain.survey import SurveyQuestion, SurveyQuestionKind
from domain.survey_answers import SurveyAnswer
from domain.survey_response import SurveyReceipt, SurveyResponse
from domain.testimonial import Testimonial
from lms.seeds.history.clock import Clock
from lms.seeds.history.courses import Offer
from lms.seeds.history.organisation import Person
from lms.seeds.history.plan import new_id
from lms.seeds.history.story import Story
from lms.seeds.history.words import GOOD_WORDS, MIXED_WORDS, POOR_WORDS, REJECTION_REASONS

APPROVED: Final = 0.8
REJECTED: Final = 0.9
"""Up to this share testimonials are moderated; the others still wait."""


def give_feedback(
    story: Story, chance: Random, learner: Person, offer: Offer, clock: Clock
) -> None:
    rating = _rating(offer, chance)
    feedback = Feedback.submit(
        learner_id=learner.id,
        course_id=offer.id,
        rating=rating,
        feedback_text=_words(rating, chance) if chance.random() < 0.5 else None,
        at=clock.now,
    )
    story.tell("SubmitFeedback", learner.id, clock.now, feedback)
    if chance.random() < 0.04:
        at = clock.another_day(10)
        better = min(5, rating + 1)
        feedback.revise(rating=better, feedback_text=_words(better, chance), at=at)
        story.tell("SubmitFeedback", learner.id, at, feedback)


def give_testimonial(
    story: Story, chance: Random, learner: Person, offer: Offer, clock: Clock
) -> None:
    testimonial = Testimonial.submit(
        id=new_id(chance),
        course_id=offer.id,
        learner_id=learner.id,
        text=chance.choice(GOOD_WORDS),
        rating=chance.choice((4, 5, 5)),
        anonymous=chance.random() < 0.2,
        at=clock.now,
    )
    story.tell("SubmitTestimonial", learner.id, clock.now, testimonial)
    at, by, fate = clock.another_day(2), offer.instructors[0], chance.random()
    if fate < APPROVED:
        testimonial.approve(by=by, at=at)
        story.tell("ApproveTestimonial", by, at, testimonial)
    elif fate < REJECTED:
        reason = chance.choice(REJECTION_REASONS)
        testimonial.reject(by=by, reason=reason, at=at)
        story.tell("RejectTestimonial", by, at, testimonial, reason=reason)


def answer_survey(
    story: Story, chance: Random, learner: Person, offer: Offer, clock: Clock
) -> None:
    survey, at = offer.survey, clock.now
    assert survey is not None
    answers = [_answer(question, offer, chance) for question in survey.questions]
    if not survey.anonymous:
        response = SurveyResponse.submit(
            survey_id=survey.id,
            course_id=survey.course_id,
            learner_id=learner.id,
            questions=survey.questions,
            answers=answers,
            at=at,
        )
        story.tell("SubmitSurveyResponse", learner.id, at, response)
        return
    sheet = SurveyResponse.submit_anonymously(
        id=new_id(chance),
        survey_id=survey.id,
        course_id=survey.course_id,
        questions=survey.questions,
        answers=answers,
        at=at,
    )
    receipt = SurveyReceipt.give(survey_id=survey.id, learner_id=learner.id, at=at)
    story.tell("SubmitSurveyResponse", None, at, receipt, sheet)  # as anonymous as it is live


def _answer(question: SurveyQuestion, offer: Offer, chance: Random) -> SurveyAnswer:
    match question.kind:
        case SurveyQuestionKind.RATING:
            return SurveyAnswer(question.id, rating=_rating(offer, chance))
        case SurveyQuestionKind.NPS:
            return SurveyAnswer(question.id, rating=2 * _rating(offer, chance))
        case SurveyQuestionKind.TEXT:
            spoken = chance.random() < 0.3
            words = _words(_rating(offer, chance), chance) if spoken else None
            return SurveyAnswer(question.id, text=words)
        case _:
            return SurveyAnswer(question.id, choices=[chance.choice(question.choices).id])


def _rating(offer: Offer, chance: Random) -> int:
    return max(1, min(5, round(1.5 + 3.5 * offer.quality + chance.gauss(0, 0.8))))


def _words(rating: int, chance: Random) -> str:
    if rating == 3:
        return chance.choice(MIXED_WORDS)
    return chance.choice(GOOD_WORDS if rating > 3 else POOR_WORDS)
