"""Second factors: enrolled, confirmed, used, given up. Secrets come sealed, codes as hashes."""

from uuid import UUID

from access.recovery_codes import forget_statement as forget_codes
from access.recovery_codes import replace_statements
from access.totp import confirm_statement, enrol_statement
from access.totp import forget_statement as forget_secret
from commands.message import Command, handles
from commands.work import Work
from domain.errors import NotFound
from domain.identity import second_factor_id
from domain.learner import Learner
from domain.second_factor import NoSecondFactor, SecondFactor


class StartSecondFactor(Command, frozen=True):
    learner_id: UUID
    enrolment_id: UUID
    sealed_secret: bytes

    def __repr__(self) -> str:
        return f"StartSecondFactor(learner_id={self.learner_id!r})"


class ConfirmSecondFactor(Command, frozen=True):
    """Whoever sends this has checked a code of the enrolment's secret."""

    learner_id: UUID
    enrolment_id: UUID
    code_hashes: list[bytes]

    def __repr__(self) -> str:
        return f"ConfirmSecondFactor(learner_id={self.learner_id!r})"


class ReplaceRecoveryCodes(Command, frozen=True):
    learner_id: UUID
    code_hashes: list[bytes]

    def __repr__(self) -> str:
        return f"ReplaceRecoveryCodes(learner_id={self.learner_id!r})"


class DisableSecondFactor(Command, frozen=True):
    """Whoever sends this has checked the second factor once more."""

    learner_id: UUID


class ResetSecondFactor(Command, frozen=True):
    """Takes a second factor from somebody who has lost it."""

    learner_id: UUID
    reason: str


class RecordRecoveryCodeUse(Command, frozen=True):
    learner_id: UUID


@handles(StartSecondFactor)
def start_second_factor(command: StartSecondFactor, work: Work) -> SecondFactor:
    learner_id = command.learner_id
    work.permit(learner=learner_id)
    work.latest(Learner, learner_id).must_be_active()
    factor = work.find(SecondFactor, second_factor_id(learner_id))
    factor = factor or SecondFactor.open(learner_id=learner_id, at=work.now)
    factor.start_enrolment(enrolment_id=command.enrolment_id, at=work.now)
    work.execute_too(
        *enrol_statement(learner_id, command.enrolment_id, command.sealed_secret, work.now)
    )
    return factor


@handles(ConfirmSecondFactor)
def confirm_second_factor(command: ConfirmSecondFactor, work: Work) -> SecondFactor:
    factor = _own(command.learner_id, work)
    factor.confirm(
        enrolment_id=command.enrolment_id,
        recovery_codes=len(command.code_hashes),
        at=work.now,
    )
    work.execute_too(*confirm_statement(command.learner_id, command.enrolment_id, work.now))
    _save_codes(command.learner_id, command.code_hashes, work)
    return factor


@handles(ReplaceRecoveryCodes)
def replace_recovery_codes(command: ReplaceRecoveryCodes, work: Work) -> SecondFactor:
    factor = _own(command.learner_id, work)
    factor.replace_recovery_codes(recovery_codes=len(command.code_hashes), at=work.now)
    _save_codes(command.learner_id, command.code_hashes, work)
    return factor


@handles(DisableSecondFactor)
def disable_second_factor(command: DisableSecondFactor, work: Work) -> SecondFactor:
    factor = _own(command.learner_id, work)
    factor.disable(at=work.now)
    _forget(command.learner_id, work)
    return factor


@handles(ResetSecondFactor)
def reset_second_factor(command: ResetSecondFactor, work: Work) -> SecondFactor:
    factor = _own(command.learner_id, work)
    factor.reset(reason=command.reason, at=work.now)
    _forget(command.learner_id, work)
    return factor


@handles(RecordRecoveryCodeUse)
def record_recovery_code_use(command: RecordRecoveryCodeUse, work: Work) -> SecondFactor:
    factor = _own(command.learner_id, work)
    factor.use_recovery_code(at=work.now)
    return factor


def _own(learner_id: UUID, work: Work) -> SecondFactor:
    work.permit(learner=learner_id)
    try:
        return work.get(SecondFactor, second_factor_id(learner_id))
    except NotFound:
        raise NoSecondFactor("There is no second factor.") from None


def _save_codes(learner_id: UUID, hashes: list[bytes], work: Work) -> None:
    for statement in replace_statements(learner_id, hashes):
        work.execute_too(*statement)


def _forget(learner_id: UUID, work: Work) -> None:
    work.execute_too(*forget_secret(learner_id))
    work.execute_too(*forget_codes(learner_id))
