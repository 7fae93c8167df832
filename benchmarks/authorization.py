"""What it costs to tell who acts and whether they may: token, revocations, roles, and whose it is.

In process, over a real Postgres, with as many people at once as the verifier remembers tokens for.
The target is for what nearly every request is: a token seen before, about what is one's own. What
a token costs when it comes first, and what the scopes cost that look somebody else up in the log,
stands beside it.
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from access.actor import Actor
from access.keys import VerificationKeys
from access.permissions import scopes
from access.standing import Standings
from access.tokens import TokenIssuer, TokenVerifier
from benchmarks.measure import Result
from benchmarks.servers import a_system
from commands.context import Context
from commands.learner import ChangeRoles, RegisterLearner
from commands.message import Command
from commands.organization import AddDepartment
from commands.work import Work
from domain.roles import Role
from lms.composition import AUDIENCE, CommandSide, command_side
from read_api.scope import required_reach

PEOPLE, ROUNDS = 5_000, 4
DEPARTMENTS = 300
TARGET_MS = 0.3
ADMIN = Actor(id=None, roles=frozenset({Role.ADMIN}))


def run() -> list[Result]:
    """Measures; takes some ten seconds."""
    with a_system() as settings, command_side(settings) as side:
        side.signing_keys.ensure()
        standings = Standings(side.pool, longest_token=timedelta(minutes=15))
        standings.look()
        issuer = TokenIssuer(side.signing_keys, issuer="lms", audience=AUDIENCE)
        verifier = TokenVerifier(
            VerificationKeys(side.pool), issuer="lms", audience=AUDIENCE, standings=standings
        )
        tokens = [issuer.access_token(_somebody()) for _ in range(PEOPLE)]

        def own(token: str) -> None:
            actor = verifier.verify(token)
            required_reach(actor, "GetEnrollment")
            _work(side, actor, "UpdateProgress").permit(learner=actor.id)

        first = _times(own, tokens)
        again = [took for _ in range(ROUNDS) for took in _times(own, tokens)]
        managed, delegated = _looked_up(side)
    return [
        _told(first, again),
        _told_of_others("a report", managed),
        _told_of_others("somebody in a department that is looked after", delegated),
    ]


def _told_of_others(whom: str, times: list[float]) -> Result:
    p50 = statistics.median(times)
    return Result(
        what=f"authorization of a command about {whom}, p50, in process, by the log",
        target=f"< {TARGET_MS:g} ms",
        measured=f"{p50:.3f} ms",
        met=p50 < TARGET_MS,
        detail=f"p99 {statistics.quantiles(times, n=100)[98]:.2f} ms",
    )


def _told(first: list[float], again: list[float]) -> Result:
    p50 = statistics.median(again)
    p99 = statistics.quantiles(again, n=100)[98]
    return Result(
        what="authentication and authorization of a request, p50, in process",
        target=f"< {TARGET_MS:g} ms",
        measured=f"{p50:.3f} ms",
        met=p50 < TARGET_MS,
        detail=f"p99 {p99:.3f} ms; a token that is new {statistics.median(first):.3f} ms",
    )


def _looked_up(side: CommandSide) -> tuple[list[float], list[float]]:
    """The times of the checks of a manager and of a department admin."""
    department = _sent(side, AddDepartment(name="All"))
    for number in range(DEPARTMENTS):
        _sent(side, AddDepartment(name=f"Department {number}", parent_id=department))
    manager, admin = _registered(side), _registered(side)
    grant = ChangeRoles(learner_id=admin, roles=[Role.DEPARTMENT_ADMIN], departments=[department])
    _sent(side, grant)
    report = _registered(side, manager_id=manager, department_id=department)

    def check(by: UUID, role: Role, name: str) -> list[float]:
        actor = Actor(by, frozenset({role}), uuid4())
        return _times(lambda _: _work(side, actor, name).permit(learner=report), [""] * 1_000)

    return (
        check(manager, Role.MANAGER, "EnrollLearner"),
        check(admin, Role.DEPARTMENT_ADMIN, "UpdateLearner"),
    )


def _times(act: Callable[[str], None], tokens: list[str]) -> list[float]:
    """Milliseconds that each call took."""
    found = []
    for token in tokens:
        begin = time.perf_counter_ns()
        act(token)
        found.append((time.perf_counter_ns() - begin) / 1e6)
    return found


def _work(side: CommandSide, actor: Actor, name: str) -> Work:
    return Work(side.log, side.passwords, actor, datetime.now(UTC), scopes(actor.roles, name))


def _somebody() -> Actor:
    return Actor(uuid4(), frozenset({Role.EMPLOYEE, Role.MANAGER}), uuid4())


def _registered(
    side: CommandSide, *, manager_id: UUID | None = None, department_id: UUID | None = None
) -> UUID:
    name = uuid4().hex
    command = RegisterLearner(
        username=name,
        email=f"{name}@example.com",
        full_name="Jane Doe",
        manager_id=manager_id,
        department_id=department_id,
    )
    return _sent(side, command)


def _sent(side: CommandSide, command: Command) -> UUID:
    context = Context(
        actor=ADMIN, now=datetime.now(UTC), correlation_id=uuid4(), command_id=uuid4()
    )
    return side.dispatcher.dispatch(command, context).id
