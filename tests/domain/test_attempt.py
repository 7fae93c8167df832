"""Tries at an assessment, one at a time and no more than allowed."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.assessment import Choice, Question, QuestionKind
from domain.attempt import (
    Attempt,
    AttemptNotOpen,
    AttemptOpen,
    AttemptSeries,
    AttemptSubmitted,
    NoAttemptsLeft,
)
from domain.errors import Invalid
from domain.grading import Answer, QuestionResult
from domain.identity import attempt_series_id
from tests.domain.grammar import NOW, STREAM, Fact, a_uuid, fact, given, when_new

JANE, EXAM, COURSE, ENROLLMENT = (a_uuid(n) for n in range(1, 5))
FIRST, SECOND, THIRD = (a_uuid(n) for n in range(11, 14))
YES, NO = a_uuid(21), a_uuid(22)
QUESTION = Question(
    id=a_uuid(31),
    kind=QuestionKind.TRUE_FALSE,
    prompt="Rust has a garbage collector.",
    points=4,
    choices=[Choice(id=YES, text="True", correct=False), Choice(id=NO, text="False", correct=True)],
)

opened = fact(AttemptSeries.Opened, learner_id=JANE, assessment_id=EXAM)


def started(attempt: Any, number: int) -> Fact:
    return fact(AttemptSeries.AttemptStarted, attempt_id=attempt, number=number)


def ended(attempt: Any, passed: bool = False) -> Fact:
    return fact(AttemptSeries.AttemptEnded, attempt_id=attempt, passed=passed)


def start(attempt: Any, allowed: int | None = 2) -> Any:
    return lambda series: series.start_attempt(attempt_id=attempt, attempts_allowed=allowed, at=NOW)


def end(attempt: Any, passed: bool = False) -> Any:
    return lambda series: series.end_attempt(attempt_id=attempt, passed=passed, at=NOW)


def test_a_series_belongs_to_one_learner_and_one_assessment() -> None:
    series = when_new(
        lambda: AttemptSeries.begin(learner_id=JANE, assessment_id=EXAM, at=NOW)
    ).then(opened)
    assert series.id == attempt_series_id(JANE, EXAM)


def test_attempts_are_numbered() -> None:
    given(AttemptSeries, opened).when(start(FIRST)).then(started(FIRST, 1))
    given(AttemptSeries, opened, started(FIRST, 1), ended(FIRST)).when(start(SECOND)).then(
        started(SECOND, 2)
    )


def test_one_attempt_is_open_at_a_time() -> None:
    given(AttemptSeries, opened, started(FIRST, 1)).when(start(SECOND)).refuses(AttemptOpen)


def test_no_more_attempts_than_allowed() -> None:
    used_up = (opened, started(FIRST, 1), ended(FIRST), started(SECOND, 2), ended(SECOND))
    given(AttemptSeries, *used_up).when(start(THIRD)).refuses(NoAttemptsLeft)
    given(AttemptSeries, *used_up).when(start(THIRD, None)).then(started(THIRD, 3))


def test_who_has_passed_may_try_for_a_better_score() -> None:
    passed = (opened, started(FIRST, 1), ended(FIRST, passed=True))
    series = given(AttemptSeries, *passed).when(start(SECOND)).then(started(SECOND, 2))
    assert series.passed


def test_only_the_open_attempt_ends() -> None:
    given(AttemptSeries, opened).when(end(FIRST)).refuses(AttemptNotOpen)
    given(AttemptSeries, opened, started(FIRST, 1)).when(end(SECOND)).refuses(AttemptNotOpen)
    given(AttemptSeries, opened, started(FIRST, 1)).when(end(FIRST)).then(ended(FIRST))


class SeriesLife(RuleBasedStateMachine):
    @initialize(allowed=st.one_of(st.none(), st.integers(1, 4)))
    def begin(self, allowed: int | None) -> None:
        self.allowed = allowed
        self.series = AttemptSeries.begin(learner_id=JANE, assessment_id=EXAM, at=NOW)
        self.numbers: list[int] = []
        self.open: set[Any] = set()

    @rule(number=st.integers(100, 105))
    def start(self, number: int) -> None:
        try:
            self.numbers.append(start(a_uuid(number), self.allowed)(self.series))
            self.open.add(a_uuid(number))
        except AttemptOpen:
            assert self.open
        except NoAttemptsLeft:
            assert not self.open
            assert len(self.numbers) == self.allowed

    @rule(number=st.integers(100, 105), passed=st.booleans())
    def end(self, number: int, passed: bool) -> None:
        try:
            end(a_uuid(number), passed)(self.series)
            self.open.remove(a_uuid(number))
        except AttemptNotOpen:
            assert a_uuid(number) not in self.open

    @invariant()
    def attempts_stay_within_bounds(self) -> None:
        assert len(self.open) <= 1
        assert self.numbers == list(range(1, len(self.numbers) + 1))
        assert self.allowed is None or len(self.numbers) <= self.allowed


SeriesLife.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestSeriesLife = SeriesLife.TestCase


ABOUT: dict[str, Any] = {
    "assessment_id": EXAM,
    "assessment_version": 1,
    "course_id": COURSE,
    "enrollment_id": ENROLLMENT,
    "learner_id": JANE,
    "number": 1,
}
begun = fact(Attempt.Started, **ABOUT)


def hand_in(*answers: Answer) -> Any:
    return lambda attempt: attempt.submit(
        answers=answers, questions=[QUESTION], pass_mark=70, at=NOW
    )


def handed_in(*answers: Answer) -> Fact:
    return fact(Attempt.Submitted, learner_id=JANE, assessment_id=EXAM, answers=list(answers))


def graded(points: int) -> Fact:
    return fact(
        Attempt.Graded,
        learner_id=JANE,
        assessment_id=EXAM,
        course_id=COURSE,
        enrollment_id=ENROLLMENT,
        score=points * 25.0,
        points=points,
        max_points=4,
        passed=points == 4,
        results=[QuestionResult(QUESTION.id, points == 4, points)],
        graded_by="auto",
        reason=None,
    )


def test_an_attempt_starts() -> None:
    when_new(lambda: Attempt.start(id=STREAM, **ABOUT, at=NOW)).then(begun)


def test_handing_in_grades_at_once() -> None:
    right, wrong = Answer(QUESTION.id, [NO]), Answer(QUESTION.id, [YES])
    attempt = given(Attempt, begun).when(hand_in(right)).then(handed_in(right), graded(4))
    assert (attempt.submitted, attempt.score, attempt.passed) == (True, 100.0, True)
    given(Attempt, begun).when(hand_in(wrong)).then(handed_in(wrong), graded(0))
    given(Attempt, begun).when(hand_in()).then(handed_in(), graded(0))


def test_handing_in_twice_is_refused() -> None:
    given(Attempt, begun, handed_in(), graded(0)).when(hand_in()).refuses(AttemptSubmitted)


def test_a_sheet_at_fault_leaves_the_attempt_open() -> None:
    strange = given(Attempt, begun)
    strange.when(hand_in(Answer(QUESTION.id, [a_uuid(99)]))).refuses(
        Invalid, "answers[0].choices[0]"
    )
    assert not strange.aggregate.submitted
