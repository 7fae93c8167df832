from collections.abc import Callable
from typing import Any

import pytest

from domain.errors import Conflict, Invalid
from domain.second_factor import (
    EnrolmentOutdated,
    NoSecondFactor,
    SecondFactor,
    SecondFactorConfirmed,
)
from tests.domain.grammar import NOW, a_uuid, fact, given, when_new

JANE, ENROLMENT = a_uuid(1), a_uuid(2)
OPENED = fact(SecondFactor.Opened, learner_id=JANE)
STARTED = fact(SecondFactor.EnrolmentStarted, enrolment_id=ENROLMENT)
CONFIRMED = fact(SecondFactor.Confirmed, enrolment_id=ENROLMENT, recovery_codes=2)


def confirm(factor: SecondFactor) -> None:
    factor.confirm(enrolment_id=ENROLMENT, recovery_codes=2, at=NOW)


def test_it_is_opened_for_a_person() -> None:
    when_new(lambda: SecondFactor.open(learner_id=JANE, at=NOW)).then(OPENED)


def test_an_enrolment_counts_once_it_is_confirmed() -> None:
    begun = given(SecondFactor, OPENED, STARTED)
    assert not begun.aggregate.is_confirmed
    assert begun.when(confirm).then(CONFIRMED).is_confirmed


def test_only_the_last_enrolment_can_be_confirmed() -> None:
    again = fact(SecondFactor.EnrolmentStarted, enrolment_id=a_uuid(3))
    given(SecondFactor, OPENED, STARTED, again).when(confirm).refuses(EnrolmentOutdated)
    given(SecondFactor, OPENED).when(confirm).refuses(EnrolmentOutdated)


def test_what_is_confirmed_is_neither_confirmed_nor_begun_again() -> None:
    confirmed = given(SecondFactor, OPENED, STARTED, CONFIRMED)
    confirmed.when(confirm).refuses(SecondFactorConfirmed)
    confirmed.when(lambda it: it.start_enrolment(enrolment_id=a_uuid(3), at=NOW)).refuses(
        SecondFactorConfirmed
    )


def test_recovery_codes_are_counted_down_and_never_below_zero() -> None:
    factor = given(SecondFactor, OPENED, STARTED, CONFIRMED)
    for left in (1, 0, 0):
        factor.when(lambda it: it.use_recovery_code(at=NOW)).then(
            fact(SecondFactor.RecoveryCodeUsed, left=left)
        )
    replaced = factor.when(lambda it: it.replace_recovery_codes(recovery_codes=10, at=NOW))
    assert (
        replaced.then(fact(SecondFactor.RecoveryCodesReplaced, recovery_codes=10)).recovery_codes
        == 10
    )


@pytest.mark.parametrize(
    ("end", "ended"),
    [
        (lambda it: it.disable(at=NOW), fact(SecondFactor.Disabled)),
        (lambda it: it.reset(reason="Lost.", at=NOW), fact(SecondFactor.Reset, reason="Lost.")),
    ],
    ids=["disabled", "reset"],
)
def test_it_ends_and_can_begin_anew(end: Callable[[SecondFactor], None], ended: Any) -> None:
    factor = given(SecondFactor, OPENED, STARTED, CONFIRMED)
    gone = factor.when(end).then(ended)
    assert (gone.is_confirmed, gone.recovery_codes) == (False, 0)
    factor.when(end).refuses(NoSecondFactor)
    factor.when(lambda it: it.start_enrolment(enrolment_id=ENROLMENT, at=NOW)).then(STARTED)


def test_a_reset_says_why() -> None:
    factor = given(SecondFactor, OPENED, STARTED, CONFIRMED)
    factor.when(lambda it: it.reset(reason=" ", at=NOW)).refuses(Invalid, "reason")
    assert issubclass(NoSecondFactor, Conflict)
