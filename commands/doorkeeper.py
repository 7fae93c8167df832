"""At every door the same: who proves who they are is slowed down, who is refused is counted."""

from uuid import UUID

from access.refusals import Refusals, RefusedAct, Why
from access.throttle import Throttle, Throttled
from commands.context import Context


def count_taken_name(refusals: Refusals, context: Context) -> None:
    """Somebody wanted a user name, an e-mail address or the like that somebody else has."""
    actor, address = context.actor.id, context.source_address
    refusals.count(RefusedAct.COMMAND, Why.NAME_TAKEN, learner_id=actor, address=address)


class Doorkeeper:
    """Stands before what is secret: passwords, codes, clients' secrets.

    `account` is what the throttle counts by; `owner_id` whose audit history a refusal belongs to, a
    person's or a service account's; `name` what was typed, when nobody has it.
    """

    def __init__(self, throttle: Throttle, refusals: Refusals) -> None:
        self._throttle = throttle
        self._refusals = refusals

    def admit(
        self,
        act: RefusedAct,
        account: str,
        context: Context,
        owner_id: UUID | None,
        name: str | None = None,
    ) -> None:
        """Lets one attempt through, as failed for now. Raises `Throttled`."""
        try:
            self._throttle.admit(account, context.source_address)
        except Throttled:
            self.refuse(act, Why.THROTTLED, context, owner_id, name)
            raise

    def succeeded(self, account: str, context: Context) -> None:
        """The attempt was right: it and those before are forgotten."""
        self._throttle.succeeded(account, context.source_address)

    def refuse(
        self,
        act: RefusedAct,
        why: Why,
        context: Context,
        owner_id: UUID | None,
        name: str | None = None,
    ) -> None:
        """Counts a refusal for the audit."""
        address = context.source_address
        self._refusals.count(act, why, learner_id=owner_id, name=name, address=address)
