"""The only door for commands: API, policies, command line and seeds all come through here."""

import hashlib
import logging
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from threading import Lock
from uuid import UUID

import msgspec

from access.actor import Actor
from access.passwords import Passwords
from access.permissions import reach, why_not
from commands.catalogue import HANDLERS
from commands.context import Context, Recorded
from commands.errors import IdempotencyKeyReused, TooMuchContention
from commands.message import Command
from commands.metrics import RETRIES, Outcome, measured_command
from commands.step_up import STEP_UP_AFTER, StepUpCheck
from commands.work import Work
from domain.aggregate import Aggregate
from domain.errors import DomainError, Forbidden
from domain.unique_name import NameTaken
from event_store.application import Log
from event_store.errors import RequestRepeated, VersionConflict
from event_store.keys import PersonErased
from event_store.record import Metadata
from event_store.recorder import Request

logger = logging.getLogger(__name__)

MAX_TRIES = 8
_ENCODER = msgspec.json.Encoder(order="deterministic")


class Dispatcher:
    """Authorizes a command, carries it out and records what happened; thread-safe.

    `fingerprint_key` keys the hash by which a repeated command is known again, so that the hash
    gives nothing away. `on_recorded` is told the last position of each append; it must not block
    or raise. `on_taken` is told who wanted a name, or an address, that somebody else has. Who sends
    a sensitive command must have proved who they are within `step_up_after`.
    With `two_persons`, whoever asks for an erasure can't approve it.
    """

    def __init__(
        self,
        log: Log,
        passwords: Passwords,
        *,
        fingerprint_key: bytes,
        on_recorded: Callable[[int], None] = lambda _: None,
        on_taken: Callable[[Context], None] = lambda _: None,
        step_up_after: timedelta = STEP_UP_AFTER,
        two_persons: bool = True,
    ) -> None:
        self._log = log
        self._passwords = passwords
        self._fingerprint_key = fingerprint_key
        self._on_recorded = on_recorded
        self._two_persons = two_persons
        self._on_taken = on_taken
        self._check_step_up = StepUpCheck(log, step_up_after)
        self._turns: dict[str, Lock] = {}

    def dispatch(self, command: Command, context: Context) -> Recorded:
        """Carries out the command once, however often it comes with the same idempotency key.

        Raises `DomainError`s (of the domain and of `commands.errors`), `TooMuchContention`,
        `LogUnavailable`.
        """
        with measured_command(type(command).__name__) as outcome:
            try:
                return self._dispatch(command, context, outcome)
            except NameTaken:
                self._on_taken(context)
                raise

    def authorize(self, command: Command, context: Context) -> None:
        """Raises `Forbidden`, `StepUpRequired` for who can't send such a command, whatever to."""
        name = type(command).__name__
        if not reach(context.actor, name):
            raise Forbidden(why_not(context.actor, name))
        self._check_step_up(command, context)

    def _dispatch(self, command: Command, context: Context, outcome: Outcome) -> Recorded:
        name = type(command).__name__
        self.authorize(command, context)
        tries = _Tries(command, context)
        while tries.number < MAX_TRIES:
            # Many who change the same thing at once stand in line after their second try.
            with self._turns.setdefault(name, Lock()) if tries.number > 1 else nullcontext():
                recorded = self._try(tries, outcome)
            if recorded is not None:
                return recorded
            tries.number += 1
        raise TooMuchContention(name)

    def _try(self, tries: "_Tries", outcome: Outcome) -> Recorded | None:
        """What was recorded, or None when it is to be tried once more, on what is now."""
        command, context = tries.command, tries.context
        answered = self._answered(command, context)
        if answered:
            outcome.word = "repeated"
            return answered
        if tries.refusal is not None and tries.number > 1:
            raise tries.refusal
        work = self._begin(context, type(command).__name__)
        try:
            aggregate = self._decide(command, work)
            if tries.number or aggregate.pending_events or not work.loaded:
                return self._record(aggregate, command, context, work)
            # That nothing changes may rest on a cached aggregate that is behind.
        except (VersionConflict, RequestRepeated):
            RETRIES.labels(type(command).__name__).inc()
            tries.refusal = None
        except DomainError as error:
            # It may rest on a cached aggregate that another process has changed, or on what
            # this very command did when it came a moment ago: look once more at both.
            tries.refusal = error
        self._log.forget(work.loaded)
        return None

    def _begin(self, context: Context, name: str) -> Work:
        return Work(
            self._log,
            self._passwords,
            context.actor,
            context.now,
            reach(context.actor, name),
            context.expected_version,
            two_persons=self._two_persons,
        )

    def _decide(self, command: Command, work: Work) -> Aggregate:
        aggregate = HANDLERS[type(command)](command, work)
        if not work.permitted:
            logger.error("%s is missing its ownership check.", type(command).__name__)
            raise Forbidden("This is not yours to change.")
        return aggregate

    def _record(
        self, aggregate: Aggregate, command: Command, context: Context, work: Work
    ) -> Recorded:
        unchanged_at = 0 if aggregate.pending_events else self._log.position_of(aggregate.id)
        position = self._log.append(
            [aggregate, *work.also_saved],
            metadata=self._metadata(command, unsigned(context) if work.unsigned else context),
            request=self._request(command, context, work.answer(aggregate), unchanged_at),
            also=work.also_executed,
        )
        if position is None:
            return Recorded(*work.answer(aggregate), unchanged_at)
        self._on_recorded(position)
        return Recorded(*work.answer(aggregate), position)

    def _metadata(self, command: Command, context: Context) -> bytes:
        return msgspec.json.encode(
            Metadata(
                actor=context.actor.id,
                on_behalf_of=context.on_behalf_of,
                correlation_id=context.correlation_id,
                causation=context.causation,
                command_id=context.command_id,
                command=type(command).__name__,
                reason=context.reason or getattr(command, "reason", None),
                client=self._client(context),
                trace=context.trace or msgspec.UNSET,
            )
        )

    def _client(self, context: Context) -> str | None:
        """The source address is personal data of the one who acts."""
        if context.actor.id is None or context.source_address is None:
            return None
        client = {"address": context.source_address, "user_agent": context.user_agent}
        try:
            return self._log.keys.seal(context.actor.id, msgspec.json.encode(client), b"client")
        except PersonErased:
            return None

    def _request(
        self, command: Command, context: Context, answer: tuple[UUID, int], unchanged_at: int
    ) -> Request | None:
        if context.idempotency_key is None:
            return None
        return Request(
            scope=_scope(context),
            key=context.idempotency_key,
            fingerprint=self._fingerprint(command),
            id=answer[0],
            version=answer[1],
            position=unchanged_at,
        )

    def _answered(self, command: Command, context: Context) -> Recorded | None:
        if context.idempotency_key is None:
            return None
        request = self._log.recorder.find_request(_scope(context), context.idempotency_key)
        if request is None:
            return None
        if request.fingerprint != self._fingerprint(command):
            raise IdempotencyKeyReused
        return Recorded(request.id, request.version, request.position)

    def _fingerprint(self, command: Command) -> bytes:
        body = type(command).__name__.encode() + _ENCODER.encode(command)
        return hashlib.blake2b(body, key=self._fingerprint_key, digest_size=32).digest()


class _Tries(msgspec.Struct):
    """One command, until it is recorded or refused."""

    command: Command
    context: Context
    number: int = 0
    refusal: DomainError | None = None


def unsigned(context: Context) -> Context:
    """The same without who sent it, and from where."""
    nobody = Actor(id=None, roles=frozenset())
    return msgspec.structs.replace(context, actor=nobody, on_behalf_of=None, source_address=None)


def _scope(context: Context) -> str:
    actor: UUID | None = context.actor.id
    return str(actor) if actor else "system"
