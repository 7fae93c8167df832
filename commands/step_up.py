"""Sensitive commands ask their sender to prove once more who they are (RFC 9470)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from access.permissions import SENSITIVE
from commands.context import Context
from commands.group import ChangeGroupMembers, ReplaceGroup
from commands.importing.table import grants_roles
from commands.learner import RegisterLearner
from commands.message import Command
from commands.user_import import ImportUsers
from domain.errors import Forbidden
from domain.group import Group
from domain.identity import second_factor_id
from domain.roles import Role
from domain.second_factor import SecondFactor
from event_store.application import Log

STEP_UP_AFTER = timedelta(minutes=10)
_POWERFUL = {Role.ADMIN, Role.AUDITOR}

SOMETIMES: dict[type[Command], Callable[[Any], bool]] = {
    ImportUsers: lambda command: not command.dry_run and grants_roles(command.content),
    RegisterLearner: lambda command: bool(_POWERFUL & set(command.roles)),
}
"""Commands that are sensitive with some contents only; besides, that change a group's members where
these get power by it."""


class StepUpRequired(Forbidden):
    """One must have proved a shorter while ago, or by more, who one is."""

    code = "step-up-required"

    def __init__(self, max_age: timedelta, *, second_factor: bool) -> None:
        how = "with your second factor" if second_factor else "with your password"
        super().__init__(
            f"Prove once more who you are, {how}: POST /me/step-up;"
            " or at your identity provider: POST /me/step-up/sign-on."
        )
        self.max_age = max_age
        self.second_factor = second_factor


class StepUpCheck:
    """Whoever works at the console, and policies, have nobody to prove anything to."""

    def __init__(self, log: Log, max_age: timedelta) -> None:
        self._log = log
        self._max_age = max_age

    def __call__(self, command: Command, context: Context) -> None:
        """Raises `StepUpRequired`, or `Forbidden` for a service account."""
        actor, name = context.actor, type(command).__name__
        if actor.id is None or not self._is_sensitive(command):
            return
        if actor.is_service:
            if name not in (actor.operations or ()):
                raise Forbidden("A service account needs this command among its scopes.")
            return
        second_factor = self._has_second_factor(context)
        proved_at = actor.authenticated_at
        fresh = proved_at is not None and context.now - proved_at <= self._max_age
        if not fresh or (second_factor and not actor.has_second_factor):
            raise StepUpRequired(self._max_age, second_factor=second_factor)

    def _has_second_factor(self, context: Context) -> bool:
        assert context.actor.id is not None
        factor = self._log.find_latest(SecondFactor, second_factor_id(context.actor.id))
        return factor is not None and factor.is_confirmed

    def _is_sensitive(self, command: Command) -> bool:
        if isinstance(command, ReplaceGroup | ChangeGroupMembers):
            group = self._log.find_latest(Group, command.group_id)
            return group is not None and not _POWERFUL.isdisjoint(group.roles)
        sometimes = SOMETIMES.get(type(command))
        return type(command).__name__ in SENSITIVE or (sometimes is not None and sometimes(command))
