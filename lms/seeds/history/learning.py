"""One learner in one course: begun, learnt, assessed, completed, or given up."""

from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from domain.assessment import Question, QuestionKind
from domain.attempt import Attempt, AttemptSeries
from domain.certificate import Certificate
from domain.enrollment import Enrollment, EnrollmentSource
from domain.grading import Answer
from domain.survey_invitation import SurveyInvitation
from lms.seeds.history.account import Diary
from lms.seeds.history.clock import Clock, ThePresent
from lms.seeds.history.courses import Offer
from lms.seeds.history.opinions import answer_survey, give_feedback, give_testimonial
from lms.seeds.history.organisation import Person
from lms.seeds.history.plan import new_id
from lms.seeds.history.story import Story
from lms.seeds.history.words import WITHDRAWAL_REASONS

DILIGENT: Final = 0.45
WITHDRAWS: Final = 0.3
DUE_AFTER: Final = timedelta(days=60)
LESSONS_A_DAY: Final = 4


class Learning:
    """`skill` (0 to 1) is how likely the learner answers a question right."""

    def __init__(
        self,
        story: Story,
        chance: Random,
        learner: Person,
        skill: float,
        offer: Offer,
        until: datetime,
        diary: Diary,
    ) -> None:
        self._story = story
        self._chance = chance
        self._learner = learner
        self._skill = skill
        self._offer = offer
        self._until = until
        self._diary = diary

    def live(self, begin: datetime) -> None:
        """Everything from the enrolment at `begin` on, as far as it has happened yet."""
        self._clock = Clock(begin, self._until, self._chance)
        self._enrollment = self._enroll(begin)
        with suppress(ThePresent):
            self._learn()

    def _learn(self) -> None:
        lessons = self._enrollment.lessons
        if self._chance.random() < DILIGENT:
            self._study(lessons)
            self._be_assessed()
            return
        self._study(lessons[: int(len(lessons) * self._chance.random() ** 2)])
        if self._chance.random() < WITHDRAWS:
            self._withdraw()

    def _enroll(self, at: datetime) -> Enrollment:
        learner, edition = self._learner, self._offer.edition(at)
        assigned = learner.manager_id is not None and self._chance.random() < 0.35
        by = learner.manager_id if assigned else learner.id
        enrollment = Enrollment.create(
            learner_id=learner.id,
            course_id=self._offer.id,
            course_version=edition.version,
            lessons=edition.lessons,
            assessments=edition.assessments,
            enrolled_by=by,
            source=EnrollmentSource.MANAGER if assigned else EnrollmentSource.SELF,
            due_at=at + DUE_AFTER if assigned else None,
            at=at,
        )
        self._story.tell("EnrollLearner", by, at, enrollment)
        return enrollment

    def _study(self, lessons: list[UUID]) -> None:
        left_today = 0
        for lesson_id in lessons:
            if not left_today:
                left_today = self._chance.randint(1, LESSONS_A_DAY)
                self._diary.visits.append(self._clock.another_day(4))
            left_today -= 1
            self._study_lesson(lesson_id)

    def _study_lesson(self, lesson_id: UUID) -> None:
        minutes = self._offer.minutes[lesson_id]
        if self._chance.random() < 0.25:
            share = self._chance.uniform(0.2, 0.8)
            self._progress(lesson_id, int(share * 100), minutes * share)
        self._progress(lesson_id, 100, minutes)

    def _progress(self, lesson_id: UUID, percent: int, minutes: float) -> None:
        before = self._clock.now
        at = self._clock.minutes(minutes * 0.6 + 0.5, minutes * 1.5 + 1)
        self._enrollment.update_progress(
            lesson_id=lesson_id,
            percent=percent,
            seconds=int((at - before).total_seconds()),
            bookmark=None if percent == 100 else f"{percent} %",
            at=at,
        )
        because = self._story.tell("UpdateProgress", self._learner.id, at, self._enrollment)
        self._certify_when_completed(because)

    def _be_assessed(self) -> None:
        assessment = self._offer.assessment
        if assessment is None or assessment.id not in self._enrollment.assessments:
            return
        series = AttemptSeries.begin(
            learner_id=self._learner.id,
            assessment_id=assessment.id,
            at=self._clock.minutes(2, 40),
        )
        for _ in range(min(assessment.attempts_allowed or 4, 4)):
            self._attempt(series)
            if series.passed or self._chance.random() < 0.2:
                return
            self._diary.visits.append(self._clock.another_day(3))

    def _attempt(self, series: AttemptSeries) -> None:
        assessment, me = self._offer.assessment, self._learner.id
        assert assessment is not None
        at, id = self._clock.now, new_id(self._chance)
        number = series.start_attempt(
            attempt_id=id, attempts_allowed=assessment.attempts_allowed, at=at
        )
        attempt = Attempt.start(
            id=id,
            assessment_id=assessment.id,
            assessment_version=assessment.assessment_version,
            course_id=self._offer.id,
            enrollment_id=self._enrollment.id,
            learner_id=me,
            number=number,
            at=at,
        )
        self._story.tell("StartAttempt", me, at, attempt, series)
        at = self._clock.minutes(3, 25)
        skill = min(0.97, self._skill + 0.08 * (number - 1))
        answers = [_answer(question, skill, self._chance) for question in assessment.questions]
        attempt.submit(
            answers=answers, questions=assessment.questions, pass_mark=assessment.pass_mark, at=at
        )
        series.end_attempt(attempt_id=id, passed=attempt.passed, at=at)
        because = self._story.tell("SubmitAttempt", me, at, attempt, series)
        if attempt.passed:
            self._count_pass(attempt, because)

    def _count_pass(self, attempt: Attempt, because: UUID) -> None:
        assert attempt.score is not None
        at = self._clock.seconds(0.02, 0.4)
        self._enrollment.record_assessment_passed(
            assessment_id=attempt.assessment_id, attempt_id=attempt.id, score=attempt.score, at=at
        )
        self._story.tell("RecordAssessmentPassed", None, at, self._enrollment, because=because)
        self._certify_when_completed(because)

    def _certify_when_completed(self, because: UUID) -> None:
        completed_at = self._enrollment.completed_at
        if completed_at is None:
            return
        self._diary.learnt.append((completed_at, self._offer.subject))
        at = self._story.soon(completed_at)
        certificate = Certificate.issue(
            learner_id=self._learner.id,
            course_id=self._offer.id,
            course_title=self._offer.title,
            course_version=self._enrollment.course_version,
            enrollment_id=self._enrollment.id,
            holder_name=self._learner.full_name,
            completed_at=completed_at,
            at=at,
        )
        self._story.tell("IssueCertificate", None, at, certificate, because=because)
        self._look_back(because)

    def _look_back(self, because: UUID) -> None:
        survey, opened_at = self._offer.survey, self._offer.survey_opened_at
        if survey is not None and opened_at is not None and opened_at < self._clock.now:
            at = self._story.soon(self._clock.now)
            invitation = SurveyInvitation.send(
                survey_id=survey.id,
                learner_id=self._learner.id,
                enrollment_id=self._enrollment.id,
                at=at,
            )
            self._story.tell("InviteToCourseSurveys", None, at, invitation, because=because)
            if self._chance.random() < 0.4:
                self._clock.another_day(2)
                answer_survey(self._story, self._chance, self._learner, self._offer, self._clock)
        if self._chance.random() < 0.5:
            self._clock.minutes(2, 60 * 24)
            give_feedback(self._story, self._chance, self._learner, self._offer, self._clock)
        if self._chance.random() < 0.08:
            self._clock.minutes(2, 60 * 24)
            give_testimonial(self._story, self._chance, self._learner, self._offer, self._clock)

    def _withdraw(self) -> None:
        at = self._clock.another_day(20)
        reason = self._chance.choice(WITHDRAWAL_REASONS)
        self._enrollment.withdraw(reason=reason, at=at)
        me = self._learner.id
        self._story.tell("WithdrawEnrollment", me, at, self._enrollment, reason=reason)


def _answer(question: Question, skill: float, chance: Random) -> Answer:
    """The right choices with a probability of `skill`, else others."""
    right = [choice.id for choice in question.choices if choice.correct]
    if chance.random() < skill:
        return Answer(question.id, right)
    wrong = [choice.id for choice in question.choices if not choice.correct]
    ticked = [chance.choice(wrong)]
    return Answer(
        question.id, right[:1] + ticked if question.kind is QuestionKind.MULTIPLE else ticked
    )
