"""For who has forgotten their password: asking for a link, and using it."""

from typing import NoReturn

import msgspec

from access.actor import Actor
from access.refusals import Refusals, RefusedAct, Why
from access.resets import InvalidResetLink, Resets
from access.throttle import Throttle, Throttled
from commands.context import Context, Recorded
from commands.dispatcher import Dispatcher
from commands.password import NoPasswordHere
from commands.password_reset import ResetPassword
from domain.identity import canonical, unique_name_id
from domain.learner import Learner, LearnerInactive
from domain.password_reset import ResetOver, ResetUsed
from event_store.application import Log


class TooManyWishes(Throttled):
    """This name, or this address, has asked too often."""

    code = "too-many-requests"

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after, "requests for a new password")


class ForgottenPasswords:
    """`asking` slows down who asks, `guessing` is what log-ins are slowed down by."""

    def __init__(
        self,
        log: Log,
        dispatcher: Dispatcher,
        resets: Resets,
        refusals: Refusals,
        *,
        asking: Throttle,
        guessing: Throttle,
    ) -> None:
        self._log = log
        self._dispatcher = dispatcher
        self._resets = resets
        self._refusals = refusals
        self._asking = asking
        self._guessing = guessing

    def ask(self, name: str, context: Context) -> None:
        """Somebody wants a link for a user name or an e-mail address. Raises `TooManyWishes`.

        Nothing is looked up, so nothing can tell whether there is such a name; whoever sends the
        mail will.
        """
        known_as, address = canonical(name), context.source_address
        try:
            self._asking.admit(known_as, address)
        except Throttled as error:
            act, why = RefusedAct.PASSWORD_RESET, Why.THROTTLED
            self._refusals.count(act, why, name=known_as, address=address)
            raise TooManyWishes(error.retry_after) from None
        self._resets.wish(
            unique_name_id("username", name),
            unique_name_id("email", name),
            self._refusals.network(address),
            context.correlation_id,
        )

    def choose(self, token: str, password: str, context: Context) -> Recorded:
        """Sets the password of whom the link was mailed to, and ends all their sessions.

        Raises `InvalidResetLink`, `UnacceptablePassword` (upon which the link is still good).
        """
        try:
            link = self._resets.find(token)
        except InvalidResetLink:
            self._refuse(Why.UNKNOWN_TOKEN, context)
        learner = self._log.find_latest(Learner, link.learner_id)
        if learner is None:
            self._refuse(Why.UNKNOWN_TOKEN, context)
        actor = Actor(id=learner.id, roles=frozenset(learner.roles))
        command = ResetPassword(reset_id=link.reset_id, password=password)
        try:
            recorded = self._dispatcher.dispatch(
                command, msgspec.structs.replace(context, actor=actor)
            )
        except LearnerInactive:
            self._refuse(Why.INACTIVE, context, learner)
        except NoPasswordHere:
            self._refuse(Why.NO_PASSWORD, context, learner)
        except (ResetUsed, ResetOver):
            self._refuse(Why.TOKEN_EXPIRED, context, learner)
        self._guessing.succeeded(str(learner.id), None)
        return recorded

    def _refuse(self, why: Why, context: Context, learner: Learner | None = None) -> NoReturn:
        self._refusals.count(
            RefusedAct.PASSWORD_RESET,
            why,
            learner_id=learner.id if learner else None,
            address=context.source_address,
        )
        raise InvalidResetLink from None
