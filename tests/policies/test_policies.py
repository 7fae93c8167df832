"""Given this event, then these commands."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from bus.handlers import TwoHandlers
from commands.certificate import IssueCertificate
from commands.enrollment import RecordAssessmentPassed
from commands.message import Command
from commands.notification import CreateNotification
from commands.survey_invitation import InviteToCourseSurveys
from domain import testimonial
from domain.attempt import Attempt
from domain.catalogue import AGGREGATES
from domain.certificate import Certificate
from domain.enrollment import Enrollment
from domain.survey_invitation import SurveyInvitation
from event_store.event_type import EventTypes
from event_store.record import Record
from policies.catalogue import POLICIES
from policies.certificates import Certificates
from policies.completion import Completion
from policies.notifications import Notifications
from policies.policy import Policy, on
from policies.surveys import Surveys

STREAM, LEARNER, COURSE, OTHER = (UUID(int=number) for number in (1, 2, 3, 4))
NOW = datetime(2030, 1, 1, tzinfo=UTC)
TYPES = EventTypes(AGGREGATES)


def commands(policy: Policy, event_class: Any, **fields: Any) -> list[Command]:
    event = object.__new__(event_class)
    event.__dict__.update(fields, originator_id=STREAM, originator_version=5, timestamp=NOW)
    type = TYPES.of_class(event_class)
    record = Record(7, STREAM, type.stream_type, 5, type.name, b"{}", b"{}", NOW)
    return policy.commands(event, record)


def graded(policy: Policy, *, passed: bool) -> list[Command]:
    return commands(
        policy,
        Attempt.Graded,
        learner_id=LEARNER,
        assessment_id=OTHER,
        course_id=COURSE,
        enrollment_id=UUID(int=9),
        score=62.5,
        passed=passed,
    )


def told(text_key: str, **fields: Any) -> CreateNotification:
    values: dict[str, Any] = {
        "learner_id": LEARNER,
        "cause": f"{STREAM}/5",
        "kind": text_key.partition(".")[0],
        "subject_id": STREAM,
        "text_key": text_key,
    }
    return CreateNotification(**(values | fields))


def test_a_pass_counts_in_the_enrollment() -> None:
    assert graded(Completion(), passed=True) == [
        RecordAssessmentPassed(
            enrollment_id=UUID(int=9), assessment_id=OTHER, attempt_id=STREAM, score=62.5
        )
    ]


def test_a_failure_changes_nothing() -> None:
    assert graded(Completion(), passed=False) == []


def test_a_completion_is_certified() -> None:
    assert commands(Certificates(), Enrollment.Completed) == [
        IssueCertificate(enrollment_id=STREAM)
    ]


def test_a_completion_leads_to_the_course_s_surveys() -> None:
    assert commands(Surveys(), Enrollment.Completed) == [
        InviteToCourseSurveys(enrollment_id=STREAM)
    ]


@pytest.mark.parametrize(
    ("event_class", "text_key"),
    [
        (Enrollment.Created, "enrollment.created"),
        (Enrollment.Reinstated, "enrollment.created"),
        (Enrollment.Completed, "enrollment.completed"),
        (testimonial.Testimonial.Approved, "testimonial.approved"),
        (testimonial.Testimonial.Rejected, "testimonial.rejected"),
    ],
)
def test_a_learner_is_told_about_a_course(event_class: Any, text_key: str) -> None:
    found = commands(Notifications(), event_class, learner_id=LEARNER, course_id=COURSE)
    assert found == [told(text_key, course_id=COURSE)]


@pytest.mark.parametrize(
    ("passed", "text_key"), [(True, "assessment.passed"), (False, "assessment.failed")]
)
def test_a_learner_is_told_their_score(passed: bool, text_key: str) -> None:
    assert graded(Notifications(), passed=passed) == [
        told(text_key, params={"score": "62.5"}, course_id=COURSE, assessment_id=OTHER)
    ]


def test_a_learner_is_told_of_a_certificate() -> None:
    found = commands(Notifications(), Certificate.Issued, learner_id=LEARNER, course_title="Rust")
    assert found == [told("certificate.issued", params={"course_title": "Rust"})]


def test_a_learner_is_told_of_a_survey() -> None:
    found = commands(Notifications(), SurveyInvitation.Sent, learner_id=LEARNER, survey_id=OTHER)
    assert found == [told("survey.invited", subject_id=OTHER, survey_id=OTHER)]


def test_names_are_unique() -> None:
    assert len({policy.name for policy in POLICIES}) == len(POLICIES)


def test_an_event_is_followed_by_one_method_of_a_policy() -> None:
    with pytest.raises(TwoHandlers):

        class Twice(Policy):
            name = "twice"

            @on(Enrollment.Completed)
            def one(self, _: Any, __: Record) -> list[Command]:
                return []

            @on(Enrollment.Completed)
            def other(self, _: Any, __: Record) -> list[Command]:
                return []
