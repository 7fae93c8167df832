"""Whatever a learner does in whatever order, an enrolment keeps its promises."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.enrollment import Enrollment, EnrollmentSource, EnrollmentStatus, EnrollmentWithdrawn
from domain.errors import Conflict
from tests.domain.grammar import NOW, a_uuid, state_is_typed

LESSONS = [a_uuid(n) for n in range(1, 4)]
EXAMS = [a_uuid(n) for n in range(11, 13)]
ATTEMPT = a_uuid(30)
Version = tuple[list[UUID], list[UUID]]
versions = st.tuples(
    st.lists(st.sampled_from(LESSONS), unique=True), st.lists(st.sampled_from(EXAMS), unique=True)
)
percents = st.one_of(st.integers(0, 100), st.just(100))


class EnrollmentLife(RuleBasedStateMachine):
    """A plain model beside the enrolment: what was reported, and what must follow."""

    @initialize(version=versions)
    def enrol(self, version: Version) -> None:
        lessons, exams = version
        self.enrollment = Enrollment.create(
            learner_id=a_uuid(40),
            course_id=a_uuid(41),
            course_version=1,
            lessons=lessons,
            assessments=exams,
            enrolled_by=None,
            source=EnrollmentSource.POLICY,
            at=NOW,
        )
        self.reached = dict.fromkeys(lessons, 0)
        self.spent = dict.fromkeys(lessons, 0)
        self.passed: set[UUID] = set()

    @rule(lesson=st.sampled_from(LESSONS), percent=percents, seconds=st.integers(0, 86_400))
    def study(self, lesson: UUID, percent: int, seconds: int) -> None:
        if lesson not in self.enrollment.lessons:
            return
        if self._refused_after_withdrawal(
            lambda: self.enrollment.update_progress(
                lesson_id=lesson, percent=percent, seconds=seconds, at=NOW
            )
        ):
            return
        self.reached[lesson] = max(self.reached[lesson], percent)
        self.spent[lesson] += seconds

    @rule(exam=st.sampled_from(EXAMS), score=st.integers(0, 100))
    def pass_exam(self, exam: UUID, score: int) -> None:
        refused = self._refused_after_withdrawal(
            lambda: self.enrollment.record_assessment_passed(
                assessment_id=exam, attempt_id=ATTEMPT, score=float(score), at=NOW
            )
        )
        if not refused and exam in self.enrollment.assessments:
            self.passed.add(exam)

    @rule()
    def withdraw(self) -> None:
        status = self.enrollment.status
        try:
            self.enrollment.withdraw(reason=None, at=NOW)
        except Conflict:
            assert status is not EnrollmentStatus.ACTIVE
        else:
            assert status is EnrollmentStatus.ACTIVE

    @rule(version=versions)
    def come_back(self, version: Version) -> None:
        lessons, exams = version
        status = self.enrollment.status
        try:
            self.enrollment.reinstate(
                course_version=self.enrollment.course_version + 1,
                lessons=lessons,
                assessments=exams,
                enrolled_by=None,
                source=EnrollmentSource.POLICY,
                at=NOW,
            )
        except Conflict:
            assert status is not EnrollmentStatus.WITHDRAWN
            return
        assert status is EnrollmentStatus.WITHDRAWN
        self.reached = {lesson: self.reached.get(lesson, 0) for lesson in lessons}
        self.spent = {lesson: self.spent.get(lesson, 0) for lesson in lessons}
        self.passed &= set(exams)

    @invariant()
    def progress_is_the_furthest_reached_and_all_time_spent(self) -> None:
        for lesson, progress in self.enrollment.progress.items():
            assert progress.percent == self.reached[lesson]
            assert progress.seconds == self.spent[lesson]

    @invariant()
    def no_event_lowers_progress(self) -> None:
        furthest: dict[UUID, int] = {}
        for event in self.enrollment.pending_events:
            if isinstance(event, Enrollment.Reinstated):
                furthest = {id: was for id, was in furthest.items() if id in event.lessons}
            if isinstance(event, Enrollment.ProgressUpdated):
                assert event.percent >= furthest.get(event.lesson_id, 0)
                furthest[event.lesson_id] = event.percent

    @invariant()
    def it_completes_once_and_exactly_when_all_is_done(self) -> None:
        events = self.enrollment.pending_events
        done = (
            bool(self.reached or self.enrollment.assessments)
            and all(percent == 100 for percent in self.reached.values())
            and self.passed >= set(self.enrollment.assessments)
        )
        completions = sum(isinstance(event, Enrollment.Completed) for event in events)
        assert completions == (1 if done else 0)
        assert (self.enrollment.status is EnrollmentStatus.COMPLETED) == done

    @invariant()
    def only_a_reinstatement_follows_a_withdrawal(self) -> None:
        events = self.enrollment.pending_events
        for event, following in pairwise(events):
            if isinstance(event, Enrollment.Withdrawn):
                assert isinstance(following, Enrollment.Reinstated)

    @invariant()
    def its_events_alone_make_the_same_enrolment(self) -> None:
        again: Any = None
        for event in self.enrollment.pending_events:
            again = event.mutate(again)
        assert {**vars(again), "_pending_events": 0} == {
            **vars(self.enrollment),
            "_pending_events": 0,
        }
        state_is_typed(again)

    def _refused_after_withdrawal(self, decision: Callable[[], None]) -> bool:
        withdrawn = self.enrollment.status is EnrollmentStatus.WITHDRAWN
        try:
            decision()
        except EnrollmentWithdrawn:
            assert withdrawn
            return True
        assert not withdrawn
        return False


EnrollmentLife.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestEnrollmentLife = EnrollmentLife.TestCase
