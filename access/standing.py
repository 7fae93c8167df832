"""Who may still act, and as what: what a token can't know because it was issued before.

Each API process looks several times a second for roles that were changed, accounts that were
deactivated, sessions that ended and keys that were revoked. A token says no more than its session's
start, so without this a revoked role would go on until the token expires.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import msgspec
from psycopg import Error
from psycopg_pool import ConnectionPool

from access.actor import Actor
from access.statement import Statement
from domain.roles import Role

log = logging.getLogger(__name__)

SECONDS_BETWEEN_LOOKS = 0.5
OVERLAP_SECONDS = 60.0
"""What is looked at once more: a change becomes visible later than it says, when it commits."""
LEEWAY_SECONDS = 5.0
"""How far the clocks of the database and of a machine may differ."""
SECONDS_TO_REACH_DATABASE = 1.0

_CHANGED = (
    "SELECT learner_id, roles, active, changed_at FROM access.standing"
    " WHERE changed_at > clock_timestamp() - make_interval(secs => %s)"
)
_ENDED = (
    "SELECT session_id, ended_at FROM access.sessions"
    " WHERE ended_at > clock_timestamp() - make_interval(secs => %s)"
)
_REVOKED = (
    "SELECT kid FROM access.revoked_keys"
    " WHERE revoked_at > clock_timestamp() - make_interval(secs => %s)"
)
_ROLES = {str(role): role for role in Role if role is not Role.SYSTEM}


class _Standing(msgspec.Struct, frozen=True):
    roles: frozenset[Role]
    active: bool
    changed_at: float


class Standings:
    """The changes of the last while, in memory; thread-safe. Its pool needs `lms_read` only.

    `longest_token` is how long an access token is good for: what changed before that is in every
    token already.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        *,
        longest_token: timedelta,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._window = longest_token.total_seconds() + OVERLAP_SECONDS
        self._monotonic = monotonic
        self._looked_at: float | None = None
        self._people: dict[UUID, _Standing] = {}
        self._ended: dict[UUID, float] = {}
        self._revoked: set[str] = set()

    def look(self) -> None:
        """Read what has changed since the last look. Raises `psycopg.Error`."""
        now = self._monotonic()
        unseen = self._window if self._looked_at is None else now - self._looked_at
        seconds = (min(unseen + OVERLAP_SECONDS, self._window),)
        with self._pool.connection(timeout=SECONDS_TO_REACH_DATABASE) as connection:
            changed = connection.execute(_CHANGED, seconds).fetchall()
            ended = connection.execute(_ENDED, seconds).fetchall()
            revoked = connection.execute(_REVOKED, seconds).fetchall()
        for learner_id, roles, active, changed_at in changed:
            self._people[learner_id] = _Standing(_known(roles), active, changed_at.timestamp())
        self._ended.update({session_id: at.timestamp() for session_id, at in ended})
        self._revoked.update(kid for (kid,) in revoked)
        self._looked_at = now
        self._forget()

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Goes on looking, on a thread, until the block ends.

        While the database is out of reach, what was known stays known.
        """
        stopped = threading.Event()
        self._try_to_look()
        thread = threading.Thread(target=self._follow, args=(stopped,), name="standing")
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join()

    def now(self, actor: Actor, issued_at: float) -> Actor | None:
        """Who acts, with the roles held now; None when the session or the account has ended.

        `issued_at` is the time of the token, in seconds since 1970.
        """
        if actor.session_id in self._ended:
            return None
        standing = self._people.get(actor.id) if actor.id else None
        if standing is None or standing.changed_at < issued_at - LEEWAY_SECONDS:
            return actor
        if not standing.active:
            return None
        return msgspec.structs.replace(actor, roles=standing.roles)

    def is_revoked(self, kid: str) -> bool:
        """Whether nothing that was signed with a key is to be believed."""
        return kid in self._revoked

    def _follow(self, stopped: threading.Event) -> None:
        while not stopped.wait(SECONDS_BETWEEN_LOOKS):
            self._try_to_look()

    def _try_to_look(self) -> None:
        try:
            self.look()
        except Error:
            log.warning("Revoked roles and ended sessions can't be looked up just now.")

    def _forget(self) -> None:
        """What every token that is still good was issued after."""
        newest = max(
            max(self._ended.values(), default=0.0),
            max((each.changed_at for each in self._people.values()), default=0.0),
        )
        before = newest - 2 * self._window
        if len(self._ended) + len(self._people) > 1_000:
            self._ended = {id: at for id, at in self._ended.items() if at > before}
            self._people = {id: s for id, s in self._people.items() if s.changed_at > before}


def standing_statement(learner_id: UUID, roles: list[Role], active: bool) -> Statement:
    """Notes what somebody may be from now on, in the transaction of the event that says so."""
    return (
        (
            "INSERT INTO access.standing (learner_id, roles, active, changed_at)"
            " VALUES (%s, %s, %s, clock_timestamp()) ON CONFLICT (learner_id) DO UPDATE SET"
            " roles = excluded.roles, active = excluded.active, changed_at = excluded.changed_at"
        ),
        (learner_id, [str(role) for role in roles], active),
    )


def _known(roles: list[str]) -> frozenset[Role]:
    """Without roles that only a newer program knows."""
    return frozenset(_ROLES[role] for role in roles if role in _ROLES)
