"""What somebody may be from now on, noted for all processes; and that an administrator stays."""

from access.administrators import CAN_DO_WITHOUT, administrator_statement
from access.standing import standing_statement
from commands.work import Work
from domain.errors import Conflict
from domain.learner import Learner
from domain.roles import Role


class LastAdministrator(Conflict):
    """Without them nobody could grant anybody anything any more."""

    code = "last-administrator"


def note_standing(learner: Learner, work: Work) -> None:
    """Notes roles and state as they are now, with the events. Raises `LastAdministrator`.

    Tokens that are out already go by it within a second.
    """
    work.execute_too(*standing_statement(learner.id, learner.roles, learner.active))
    note_administrator(learner, work)


def note_administrator(learner: Learner, work: Work) -> None:
    """Notes whether they are an administrator. Raises `LastAdministrator`."""
    is_one = learner.active and Role.ADMIN in learner.roles
    if not is_one:
        lost = work.administrators_lost
        lost.add(learner.id)
        if not work.says(CAN_DO_WITHOUT, (learner.id, list(lost))):
            lost.discard(learner.id)
            raise LastAdministrator("This is the last administrator: make another one first.")
    work.execute_too(*administrator_statement(learner.id, is_one=is_one))
