"""How far a department admin may go with the accounts of a department.

Whoever looks after some accounts must not get at more than these by way of them: not by granting a
role that reaches beyond the departments, and not by taking over somebody who holds such a role.
"""

from collections.abc import Iterable
from uuid import UUID

from commands.work import Work
from domain.errors import Forbidden
from domain.learner import Learner
from domain.roles import Role

DELEGABLE = frozenset({Role.EMPLOYEE, Role.INSTRUCTOR, Role.MANAGER})
"""Roles that reach no further than the people and courses which their holder is given anyway."""


def must_reach(learner: Learner, work: Work) -> None:
    """Raises `Forbidden` when the account is that of somebody who reaches further."""
    if not (work.reaches_everyone or learner.id == work.actor.id):
        must_grant(learner.roles, learner.administers, work)


def must_grant(roles: Iterable[Role], departments: Iterable[UUID], work: Work) -> None:
    """Raises `Forbidden` when somebody in these roles reaches further than the one who acts."""
    if work.reaches_everyone:
        return
    beyond = set(roles) - DELEGABLE - {Role.DEPARTMENT_ADMIN}
    if beyond or not work.looks_after(*departments):
        raise Forbidden("Only an administrator may do this: it reaches beyond your departments.")


def must_not_be_oneself(learner: Learner, work: Work) -> None:
    """Raises `Forbidden` unless the actor may do this to everyone: nobody else, to themselves."""
    if not work.reaches_everyone and learner.id == work.actor.id:
        raise Forbidden("Nobody changes their own roles.")
